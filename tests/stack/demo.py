# SPDX-License-Identifier: Apache-2.0
"""A real Slurm with a changing load, and what the two receivers know of it, side by side.

    python3 -m stack.demo --binary build/release/slurm-pusher [--seconds N]

Until Ctrl-C, or for N seconds. Exits with 1 if a receiver never got the metrics.
"""

import argparse
import random
import shutil
import signal
import sys
import threading
import time

from . import Pusher, Stack, workload
from .pusher import DEFAULT_CONFIG

_LOOK_EVERY = 2.0           # seconds, on a terminal
_PRINT_EVERY = 5.0          # else
_ACT_EVERY = 0.8

_CONFIG = DEFAULT_CONFIG + "history: {interval: 5s}\n"      # a minute is long to watch


class Load:
    """Keeps the cluster busy: one act after the other, in a thread of its own."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.ended = threading.Event()
        self.later = []             # (when, what): what an act has to undo
        self.acts = [self.short, self.array, self.several_partitions, self.failing, self.cancelled,
                     self.held, self.suspended, self.hidden, self.waits_for_a_node, self.lingering,
                     self.short, self.drained, self.too_long, self.wide]
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.ended.set()
        self.thread.join(timeout=10)

    def _run(self):
        turn = 0
        while not self.ended.wait(_ACT_EVERY):
            try:
                self.acts[turn % len(self.acts)]()
                while self.later and self.later[0][0] <= time.monotonic():
                    self.later.pop(0)[1]()
            except (RuntimeError, OSError):
                pass                # a job may have ended before it could be cancelled
            turn += 1

    def _after(self, seconds, what):
        self.later.append((time.monotonic() + seconds, what))
        self.later.sort(key=lambda one: one[0])

    def _submit(self, *words, **options):
        return workload.submit(self.cluster, *words, **options)

    def _sleep(self, low=5, high=25):
        return "sleep %d" % random.randint(low, high)

    def short(self):
        self._submit("-p", random.choice(["hpc", "htc"]), "-n%d" % random.randint(1, 6), wrap=self._sleep())

    def wide(self):
        self._submit("-p", "hpc", "-N2", "-n%d" % random.randint(4, 12), wrap=self._sleep())

    def array(self):
        self._submit("-p", "htc", "--array=1-8%3", wrap=self._sleep(3, 9))

    def several_partitions(self):
        self._submit("-p", "hpc,htc", "-n8", wrap=self._sleep())

    def failing(self):
        self._submit("-p", "htc", wrap="sleep 3; exit 1")

    def too_long(self):
        job = self._submit("-p", "hpc", "--time=1")
        self._after(4, lambda: self.cluster.run("scontrol", "update", "jobid=" + job, "timelimit=0"))

    def cancelled(self):
        job = self._submit("-p", "hpc")
        self._after(random.randint(3, 12), lambda: self.cluster.run("scancel", job))

    def held(self):
        job = self._submit("-p", "hpc", "--hold", wrap=self._sleep())
        self._after(random.randint(5, 20), lambda: self.cluster.run("scontrol", "release", job))

    def suspended(self):
        job = self._submit("-p", "htc", wrap=self._sleep(10, 20))
        self._after(3, lambda: self.cluster.run("scontrol", "suspend", job))
        self._after(10, lambda: self.cluster.run("scontrol", "resume", job))

    def hidden(self):
        self._submit("-p", "staff", wrap=self._sleep())

    def waits_for_a_node(self):
        job = self._submit("-p", "cloud")
        self._after(12, lambda: self.cluster.run("scancel", job))

    def lingering(self):
        self.cluster.hold_epilog("r9")
        self._submit("-p", "frail", "-w", "r9", wrap="sleep 1")
        self._after(10, lambda: self.cluster.release_epilog("r9"))

    def drained(self):
        node = random.choice(["r4", "r6"])
        self.cluster.run("scontrol", "update", "nodename=" + node, "state=drain", "reason=upkeep")
        self._after(9, lambda: self.cluster.run(
            "scontrol", "update", "nodename=" + node, "state=resume"))


class View:
    """What to show, and how."""

    LEFT = ["jobs", "jobs_running", "jobs_pending", "jobs_configuring", "jobs_completing", "jobs_suspended",
            "jobs_failed", "jobs_total_submitted", "jobs_total_completed", "jobs_total_failed",
            "jobs_total_timeout", "jobs_total_cancelled"]
    RIGHT = ["nodes", "nodes_alloc", "nodes_mixed", "nodes_idle", "nodes_down", "nodes_maint",
             "nodes_drain_total", "nodes_draining", "nodes_drained", "nodes_powered_down",
             "nodes_powering_up"]
    # What a column of the lower table is called, and its metric after slurm_partition_.
    BY_PARTITION = [("jobs", "jobs"), ("run", "jobs_running"), ("pend", "jobs_pending"),
                    ("conf", "jobs_configuring"), ("susp", "jobs_suspended"), ("nodes", "nodes"),
                    ("alloc", "nodes_alloc"), ("mixed", "nodes_mixed"), ("idle", "nodes_idle"),
                    ("down", "nodes_down")]

    def __init__(self, stack):
        self.stack = stack
        self.got = {"Prometheus": False, "Pushgateway": False}

    def look(self):
        """The metrics as the two have them: {name: {labels: value}} each; {} while one has none."""
        found = []
        for name, ask in (("Prometheus", self._ask_prometheus), ("Pushgateway", self._ask_pushgateway)):
            try:
                families = ask()
            except (OSError, ValueError, RuntimeError):
                families = {}
            self.got[name] = self.got[name] or "slurm_jobs" in families
            found.append(families)
        return found

    def _ask_prometheus(self):
        families = {}
        for labels, value in self.stack.prometheus.series('{__name__=~"slurm_.+"}', keep_name=True).items():
            rest = dict(labels)
            families.setdefault(rest.pop("__name__"), {})[tuple(sorted(rest.items()))] = value
        return families

    def _ask_pushgateway(self):
        return self.stack.pushgateway.exposed()

    def lines(self, title, spacious=True):
        """A frame of 80 columns; 24 lines if it is not spacious."""
        gap = [""] if spacious else []
        both = self.look()
        head = "%-21s%10s%7s" % ("slurm_...", "Prometheus", "Pushgw")
        yield from [title] + gap + [head + "    " + head]
        for i in range(max(len(self.LEFT), len(self.RIGHT))):
            yield "    ".join(self._cell(names[i], both) if i < len(names) else ""
                              for names in (self.LEFT, self.RIGHT))
        names = sorted({dict(key)["partition"] for families in both
                        for key in families.get("slurm_partition_jobs", {})})
        if not names:
            return
        yield from gap
        yield "%-10s" % "partition" + "".join("%7s" % head for head, _ in self.BY_PARTITION)
        for partition in names:
            yield "%-10s" % partition + "".join(
                "%7s" % self._pair("slurm_partition_" + name, (("partition", partition),), both)
                for _, name in self.BY_PARTITION)
        if spacious:
            yield "(one number: both have it; a/b: Prometheus has a, the Pushgateway b)"

    def _cell(self, name, both):
        values = [_text(families.get("slurm_" + name, {}).get(())) for families in both]
        return "%-21s%10s%7s" % (name, values[0], values[1])

    def _pair(self, name, labels, both):
        one, other = (_text(families.get(name, {}).get(labels)) for families in both)
        return one if one == other else "%s/%s" % (one, other)


def _text(value):
    if value is None:
        return "-"
    return "%d" % value if value == int(value) else "%.3f" % value


def show(stack, pusher, seconds):
    view, began = View(stack), time.monotonic()
    on_terminal = sys.stdout.isatty()
    version = ".".join("%02d" % part for part in stack.slurm.version())
    while True:
        elapsed = time.monotonic() - began
        title = "Slurm %s to Prometheus :%d and Pushgateway :%d, %d s%s" % (
            version, stack.prometheus.port, stack.pushgateway.port, elapsed,
            "; Ctrl-C ends it" if on_terminal and not seconds else "")
        if on_terminal:
            width, height = shutil.get_terminal_size((80, 24))
            lines = list(view.lines(title, spacious=height > 26))
            sys.stdout.write("\033[H\033[J" + "\n".join(line[:width] for line in lines[:height - 1]) + "\n")
        else:
            sys.stdout.write("\n".join(view.lines(title)) + "\n\n")
        sys.stdout.flush()
        if not pusher.process.is_alive():
            print("slurm-pusher ended with %s:\n%s" % (
                pusher.process.exit_status(), pusher.process.log_tail(30)), file=sys.stderr)
            return 1
        if seconds and elapsed >= seconds:
            break
        pause = _LOOK_EVERY if on_terminal else _PRINT_EVERY
        try:
            time.sleep(min(pause, max(0.1, seconds - elapsed)) if seconds else pause)
        except KeyboardInterrupt:
            break
    return verdict(view, pusher)


def verdict(view, pusher):
    missing = [name for name, got in view.got.items() if not got]
    if not missing:
        print("Both receivers got the metrics.")
        return 0
    print("Never got the metrics: %s. The end of slurm-pusher's log:\n%s" % (
        ", ".join(missing), pusher.process.log_tail(30)), file=sys.stderr)
    return 1


def main():
    parser = argparse.ArgumentParser(prog="dev demo", description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seconds", type=float, default=0.0, help="end after that long")
    given = parser.parse_args()

    def interrupt(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)
    try:
        print("Starting munge, MariaDB, slurmdbd, slurmctld, nine slurmd, Prometheus and a Pushgateway ...",
              flush=True)
        with Stack(user="slurm") as stack:
            pusher = Pusher(stack, given.binary, _CONFIG)
            pusher.start()
            load = Load(stack.slurm)
            load.start()
            try:
                return show(stack, pusher, given.seconds)
            finally:
                load.stop()
    except KeyboardInterrupt:
        return 130
    except RuntimeError as problem:
        print("demo: %s" % problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
