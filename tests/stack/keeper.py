# SPDX-License-Identifier: Apache-2.0
"""The process that owns every other process of a stack.

It starts programs on request, one JSON object a line on standard input, one answer a line on standard
output. It is the parent that orphans of its programs fall back to (child subreaper), so it can
find whatever they leave behind, in whatever session or process group. When standard
input closes, because the stack is done or because its owner was killed, it kills all of it, removes the
folders it was told to remove, and ends.

    {"do": "start", "argv": [...], "env": {...}, "log": path, "user": name or null}  -> {"pid": N}
    {"do": "status", "pid": N}                            -> {"status": null, or exit status, or -signal}
    {"do": "send", "pid": N, "number": N, "group": bool}   -> {}
    {"do": "wait", "pid": N, "seconds": S}                -> as status
    {"do": "remove", "path": path}                        -> {}, carried out at the end

Every answer may be {"error": text} instead.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)
_LONGEST_KILL = 20.0


class Keeper:
    def __init__(self):
        self.started = {}       # pid -> Popen, kept so that no pid is forgotten
        self.statuses = {}      # pid -> exit status
        self.to_remove = []

    # requests

    def start(self, argv, env, log, user=None):
        identity = {}
        if user:
            identity = {"user": user, "group": _group_of(user), "extra_groups": []}
        with open(log, "ab") as output:
            child = subprocess.Popen(
                argv, env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=_die_with_keeper, **identity)
        self.started[child.pid] = child
        return {"pid": child.pid}

    def status(self, pid):
        self.reap()
        return {"status": self.statuses.get(pid)}

    def send(self, pid, number, group=False):
        self.reap()
        if pid in self.started and pid not in self.statuses:
            (os.killpg if group else os.kill)(pid, number)
        return {}

    def wait(self, pid, seconds):
        end = time.monotonic() + seconds
        while self.status(pid)["status"] is None and time.monotonic() < end:
            time.sleep(0.01)
        return self.status(pid)

    def remove(self, path):
        self.to_remove.append(path)
        return {}

    # the rest

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid in self.started:
                code = os.waitstatus_to_exitcode(status)
                self.statuses[pid] = self.started[pid].returncode = code

    def end(self):
        """Kill every descendant. Nothing of a stack is worth an orderly end."""
        deadline = time.monotonic() + _LONGEST_KILL
        while self.reap() and time.monotonic() < deadline:
            for pid in descendants(os.getpid()):
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.01)
        for path in self.to_remove:
            shutil.rmtree(path, ignore_errors=True)

    def answer(self, line):
        try:
            request = json.loads(line)
            return getattr(self, request.pop("do"))(**request)
        except Exception as problem:            # whatever it is, the asker has to hear of it
            return {"error": "%s: %s" % (type(problem).__name__, problem)}

    def serve(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        pending = b""
        while True:
            ready, _, _ = select.select([0, reader], [], [])
            if reader in ready:
                os.read(reader, 4096)
                self.reap()
            if 0 not in ready:
                continue
            data = os.read(0, 1 << 16)
            if not data:
                return
            pending += data
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                os.write(1, json.dumps(self.answer(line)).encode() + b"\n")


def _die_with_keeper():
    # Runs after the change of user, which would clear it.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _group_of(user):
    import pwd
    return pwd.getpwnam(user).pw_gid


def descendants(root):
    """The pids of all that descends from a process, parents before children."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry) as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry))
    found, todo = [], [root]
    while todo:
        for pid in children.get(todo.pop(), []):
            found.append(pid)
            todo.append(pid)
    return found


def _stop(*_):
    raise SystemExit(0)


def main():
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1) != 0:
        sys.exit("keeper: cannot become a subreaper: " + os.strerror(ctypes.get_errno()))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    keeper = Keeper()
    try:
        keeper.serve()
    except BrokenPipeError:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        keeper.end()


if __name__ == "__main__":
    main()
