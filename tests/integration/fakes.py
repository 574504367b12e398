# SPDX-License-Identifier: Apache-2.0
"""What is broken on purpose: stand-ins for Slurm's commands, and receivers that misbehave."""

import http.client
import http.server
import os
import shutil
import socket
import threading

from stack.ports import free_port

# What a command does in place of what it should (shell, where `real` runs the real one), and what
# is said of it.
COMMAND_FAULTS = {
    "hangs": ("exec sleep 1000000", "timed out"),
    "hangs_with_children_and_ignores_signals": (
        "trap '' TERM INT HUP; sleep 1000000 & real \"$@\"; while :; do wait; done", "timed out"),
    "is_stopped": ("kill -STOP $$", "timed out"),
    "fails_after_printing_all": ("real \"$@\"; echo 'it broke in the end' >&2; exit 1", "it broke in the end"),
    "is_killed": ("real \"$@\"; kill -SEGV $$", "signal 11"),
    "prints_garbage": ("echo 'The quick brown fox jumps over the lazy dog.'; exit 0", "line 1"),
    "prints_bytes_that_are_no_text": ("head -c 100000 /dev/urandom; exit 0", ""),
    "prints_half_a_line": ("real \"$@\" | head -c -3; exit 0", "cut short"),
    "prints_more_than_the_bound": ("exec yes \"$(real \"$@\" | head -n 1)\"", "bytes of output"),
}

_COMMAND = """\
#!/bin/sh
export STANDS_IN={folder}
PATH=/usr/bin:/bin
case "${{0##*/}} $*" in
squeue*) kind=jobs ;;
sacct*) kind=history ;;
*show*nodes*) kind=nodes ;;
*show*partitions*) kind=partitions ;;
*) kind=config ;;
esac
real() {{ "/usr/bin/${{0##*/}}" "$@"; }}
if [ -e "{folder}/fault.$kind" ]; then . "{folder}/fault.$kind"; fi
exec "/usr/bin/${{0##*/}}" "$@"
"""


class Commands:
    """A folder with squeue, scontrol and sacct, that do as the real ones do until told otherwise.

    path    for slurm.path: nothing else is found in it
    """

    KINDS = {"jobs": "squeue", "nodes": "scontrol", "partitions": "scontrol", "config": "scontrol",
             "history": "sacct"}

    def __init__(self, folder):
        self.path = str(folder)
        os.makedirs(self.path, exist_ok=True)
        os.chmod(self.path, 0o755)
        self.restore()

    def restore(self):
        """All of them do well again."""
        for kind in self.KINDS:
            self._write("fault." + kind, None)
        for program in set(self.KINDS.values()):
            self._write(program, _COMMAND.format(folder=self.path), 0o755)

    def break_(self, kind, fault):
        self._write("fault." + kind, COMMAND_FAULTS[fault][0])

    def remove(self, kind):
        self._write(self.KINDS[kind], None)

    def _write(self, name, text, mode=0o644):
        path = os.path.join(self.path, name)
        if text is None:
            if os.path.exists(path):
                os.unlink(path)
            return
        with open(path + ".new", "w") as out:
            out.write(text + "\n")
        os.chmod(path + ".new", mode)
        os.replace(path + ".new", path)


def processes_of(folder, state=None):
    """The processes that the stand-ins in this folder are, or were started by; only in a state (T: stopped)."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as file:
                ours = ("STANDS_IN=%s\0" % folder).encode() in file.read()
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                ours = ours or folder.encode() in file.read()
            with open("/proc/%s/stat" % pid) as file:
                now = file.read().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if ours and now not in "ZX" and state in (None, now):
            found.append(int(pid))
    return found


class Receiver:
    """An HTTP server for a with block, that stands in front of another or for none, and
    does what `mode` says:

    "forward"       hand the request to `target`, a URL
    (status, {})    answer so, with these headers
    "close"         read the request and close the connection
    "silent"        read the request and never answer
    "deaf"          accept connections and read nothing

    seen    (method, path, headers) of every request
    """

    def __init__(self, mode="forward", target=None):
        self.mode, self.target, self.seen = mode, target, []
        self.port = free_port()
        self._ended = threading.Event()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def __enter__(self):
        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass
        self._server = Server(("127.0.0.1", self.port), self._handler())
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(receiver):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                if receiver.mode == "deaf":
                    receiver.seen.append(("", "", {}))
                    receiver._ended.wait()
                else:
                    super().handle()

            def handle_request(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.seen.append((self.command, self.path, dict(self.headers)))
                mode = receiver.mode
                if mode == "close":
                    self.close_connection = True
                elif mode == "silent":
                    receiver._ended.wait()
                    self.close_connection = True
                elif mode == "forward":
                    self.answer(*receiver._forward(self.command, self.path, self.headers, body))
                else:
                    self.answer(*mode, b"told to answer so\n")

            do_PUT = do_POST = do_DELETE = do_GET = handle_request

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        return Handler

    def _forward(self, method, path, headers, body):
        host = self.target.split("//")[1]
        kept = {name: value for name, value in headers.items() if name.lower() != "host"}
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request(method, path, body, kept)
            reply = connection.getresponse()
            return reply.status, {}, reply.read()
        finally:
            connection.close()


class MuteResolver:
    """For a with block: a name server on an address of its own on loopback, that never answers.

    Run a program so that it asks this one: prefix() + [program, ...]. Needs root."""

    def __init__(self, folder):
        self.address = "127.%d.%d.%d" % tuple(os.urandom(3)[i] % 250 + 2 for i in range(3))
        self.file = os.path.join(folder, "resolv.conf")

    def __enter__(self):
        with open(self.file, "w") as out:
            out.write("nameserver %s\noptions timeout:30 attempts:5\n" % self.address)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 53))
        self.socket.setblocking(False)
        return self

    def __exit__(self, *_):
        self.socket.close()

    def was_asked(self):
        """For a name, since the last call."""
        asked = False
        try:
            while self.socket.recv(4096):
                asked = True
        except BlockingIOError:
            return asked

    def prefix(self):
        # A mount that nobody else sees. Where / is not a mount point (a chroot), it is private already.
        return [shutil.which("unshare"), "--mount", "--propagation", "unchanged", "sh", "-c",
                'mount --make-rprivate / 2>/dev/null; '
                'mount --bind "%s" "$(readlink -f /etc/resolv.conf)" && exec "$0" "$@"' % self.file]
