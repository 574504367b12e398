# SPDX-License-Identifier: Apache-2.0
"""Start programs, wait until they are ready, stop them.

All programs of a stack are started through one Keeper (see keeper.py), which outlives
a killed owner just long enough to end them.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time


class NotReady(Exception):
    """Something did not come about in time; the text says what and shows the log's end."""


def wait_until(check, what, timeout=30.0, every=0.05, process=None, hint=str):
    """Call check() until it returns something true, and return that.

    Raises NotReady after `timeout` seconds, or as soon as `process` has ended, with
    what hint() tells and the end of the process' log."""
    end = time.monotonic() + timeout
    while True:
        result = check()
        if result:
            return result
        ended = process is not None and not process.is_alive()
        if ended or time.monotonic() > end:
            raise NotReady("\n".join(filter(None, (
                "%s ended before: %s" % (process.name, what) if ended
                else "not within %g s: %s" % (timeout, what),
                hint(), process.log_tail() if process is not None else ""))))
        time.sleep(every)


def accepts(port, host="127.0.0.1"):
    """Whether somebody listens on the TCP port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


class Process:
    """A program that the keeper started."""

    def __init__(self, keeper, name, pid, log):
        self.keeper, self.name, self.pid, self.log = keeper, name, pid, log

    def exit_status(self):
        """None while it runs, then its exit status, negative for a signal."""
        return self.keeper.ask("status", pid=self.pid)["status"]

    def is_alive(self):
        return self.exit_status() is None

    def send(self, number, group=False):
        self.keeper.ask("send", pid=self.pid, number=int(number), group=group)

    def wait(self, seconds):
        """The exit status, or None when it still runs after that time."""
        return self.keeper.ask("wait", pid=self.pid, seconds=seconds)["status"]

    def stop(self, grace=15.0, number=signal.SIGTERM):
        """Ask it to end, kill its process group if it has not within `grace`; the exit status."""
        self.send(number)
        status = self.wait(grace)
        if status is None:
            self.send(signal.SIGKILL, group=True)
            status = self.wait(5.0)
        return status

    def kill(self):
        self.send(signal.SIGKILL, group=True)
        return self.wait(5.0)

    def log_text(self):
        try:
            with open(self.log, errors="replace") as log:
                return log.read()
        except OSError:
            return ""

    def log_tail(self, lines=15):
        return "\n".join("  %s: %s" % (self.name, line) for line in self.log_text().splitlines()[-lines:])


class Keeper:
    """The owner's end of the keeper process."""

    def __init__(self):
        self._lock = threading.Lock()
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keeper.py")
        self._child = subprocess.Popen([sys.executable, "-I", "-S", program], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, start_new_session=True)

    def ask(self, what, **request):
        request["do"] = what
        with self._lock:
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        if not line:
            raise RuntimeError("the keeper process is gone")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def start(self, name, argv, log, env=None, user=None):
        """Start a program; its output goes to the file `log`, its user is ours unless told."""
        if env is None:
            env = {"PATH": PATH, "LC_ALL": "C"}
        answer = self.ask("start", argv=[str(word) for word in argv], env=env, log=str(log), user=user)
        return Process(self, name, answer["pid"], str(log))

    def remove_at_end(self, path):
        self.ask("remove", path=str(path))

    def close(self):
        """End everything that was started; returns when it is gone."""
        if self._child.stdin.closed:
            return
        self._child.stdin.close()
        self._child.stdout.close()
        self._child.wait()


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
