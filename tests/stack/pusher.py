# SPDX-License-Identifier: Apache-2.0
"""The program under test, run against a stack."""

import os
import shutil

from .ports import free_port
from .process import wait_until
from .receivers import fetch, parse_exposition


class Pusher:
    """slurm-pusher with a configuration file, in a folder of its own within the stack's.

    binary      what to run; it is copied, so that any user can reach it
    config      text of the configuration; {port}, {storage}, {remote_write} and {pushgateway} stand
                for its own port and folder and the receivers of the stack (None: DEFAULT_CONFIG)
    arguments   further command-line arguments
    user        to run as; the one that the cluster's daemons run as unless told
    """

    def __init__(self, stack, binary, config=None, arguments=(), user=None, env=None, name="slurm-pusher"):
        self.stack, self.binary, self.arguments, self.name = stack, binary, list(arguments), name
        self.user = user or (stack.slurm.user if stack.slurm else "root")
        self.env = dict(stack.slurm.env if stack.slurm else {}, **(env or {}))
        self.folder = os.path.join(stack.folder, name)
        self.storage = os.path.join(self.folder, "state")
        self.config_file = os.path.join(self.folder, "slurm-pusher.yaml")
        self.port = free_port()
        self.process = None
        os.makedirs(self.storage, exist_ok=True)
        shutil.chown(self.storage, self.user)
        os.chmod(self.storage, 0o755)
        self.configure(config)

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    @property
    def log(self):
        return os.path.join(self.folder, "log")

    def configure(self, config=None):
        """Write the configuration file; a running program has to be told with SIGHUP."""
        words = {"{port}": self.port, "{storage}": self.storage,
                 "{remote_write}": self.stack.prometheus.write_url if self.stack.prometheus else "",
                 "{pushgateway}": self.stack.pushgateway.url if self.stack.pushgateway else ""}
        text = DEFAULT_CONFIG if config is None else config
        for word, value in words.items():
            text = text.replace(word, str(value))
        with open(self.config_file, "w") as out:
            out.write(text)

    def command(self, *arguments):
        """The command line, with these arguments in place of its own if any are given."""
        program = os.path.join(self.folder, "slurm-pusher")
        shutil.copy2(self.binary, program + ".new")
        os.replace(program + ".new", program)       # it may be running
        os.chmod(program, 0o755)
        return [program, "--config.file=" + self.config_file, *(arguments or self.arguments)]

    def start(self):
        self.process = self.stack.keeper.start(
            self.name, self.command(), log=self.log, env=self.env,
            user=None if self.user == "root" else self.user)

    def run(self, *arguments, timeout=120):
        """Run it to its end, with --once or --dry-run for instance; (exit status, output)."""
        process = self.stack.keeper.start(
            self.name, self.command(*arguments), log=self.log + ".run", env=self.env,
            user=None if self.user == "root" else self.user)
        status = process.wait(timeout)
        if status is None:
            process.kill()
        text = process.log_text()
        os.unlink(process.log)
        return status, text

    def ready(self, timeout=30.0):
        """Wait until it says that it is ready."""
        wait_until(lambda: self.answers("/-/ready"), self.name + " is ready", timeout, process=self.process)

    def answers(self, path):
        try:
            return fetch(self.url + path, timeout=5)[0] == 200
        except OSError:
            return False

    def exposed(self, drop=("job", "cluster")):
        """{name: {labels: value}} of its own /metrics."""
        return parse_exposition(fetch(self.url + "/metrics")[1], drop)

    def stop(self, grace=30.0):
        return self.process.stop(grace)


DEFAULT_CONFIG = """\
global: {scrape_interval: 5s}
remote_write: [{url: "{remote_write}"}]
pushgateway: [{url: "{pushgateway}"}]
storage: {path: "{storage}"}
web: {listen_address: "127.0.0.1:{port}"}
"""
