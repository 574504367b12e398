# SPDX-License-Identifier: Apache-2.0
"""What the benches share: the program at work, what it costs, and a table with a verdict.

A bench compares two ways in one run, by medians of several rounds, and exits with 1 when a
target is missed. `./dev bench` runs all of them; SLURM_PUSHER names another program to measure.
"""

import contextlib
import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from stack import Pusher, wait_until                # noqa: E402
from stack.receivers import labels                  # noqa: E402

PROGRAM = os.environ.get("SLURM_PUSHER") or os.path.join(HERE, "../../build/release/slurm-pusher")
MS = 1e3            # what seconds are multiplied with to be shown
MB = 1.0 / (1 << 20)

median = statistics.median


# The program at work


@contextlib.contextmanager
def at_work(stack, config, name="slurm-pusher"):
    """The program with this configuration (see Pusher), from ready to stopped."""
    pusher = Pusher(stack, PROGRAM, config, name=name)
    pusher.start()
    try:
        pusher.ready()
        yield pusher
    finally:
        pusher.stop()


def cpu_seconds(pid):
    """CPU time of a process and all its threads up to now, without its children."""
    return time.clock_gettime(~pid << 3 | 2)        # as clock_getcpuclockid(3) makes it


class Reading:
    """What the program says about itself after a tick, and the CPU time it has used itself."""

    def __init__(self, pusher):
        self.families = pusher.exposed()
        self.cpu = cpu_seconds(pusher.process.pid)

    def __call__(self, name, **of):
        """The value of slurm_exporter_<name> with these labels."""
        return self.families["slurm_exporter_" + name][labels(**of)]

    def by_source(self, name):
        """{source: value} of slurm_exporter_source_<name>."""
        found = self.families["slurm_exporter_source_" + name]
        return {dict(key)["source"]: value for key, value in found.items()}

    def must_be_good(self):
        down = [source for source, up in self.by_source("up").items() if not up]
        if down:
            raise RuntimeError("not read: " + ", ".join(down))


def readings(pusher, count, interval=1.0):
    """One reading for each of the next ticks, in which every source must have been read."""
    for _ in range(count):
        time.sleep(interval)
        reading = Reading(pusher)
        reading.must_be_good()
        yield reading


def steps(values):
    """The differences from each to the next."""
    values = list(values)
    return [after - before for before, after in zip(values, values[1:])]


def wait_for_history(pusher, jobs=0, passes=2, timeout=600):
    """Wait until that many passes are done and at least that many jobs are counted."""
    def counted():
        reading = Reading(pusher)
        total = reading.families.get("slurm_jobs_total_submitted", {}).get((), -1)
        return total >= jobs and reading("history_passes_total") >= passes
    wait_until(counted, "%d jobs are counted" % jobs, timeout, every=0.5, process=pusher.process)


# The table


class Table:
    """Lines of figures; finish() exits with 1 if one of them missed its target."""

    def __init__(self, title, ours="ours", theirs="baseline"):
        self.missed = False
        print(title)
        self._print("", ours, theirs, "ratio", "target")

    def row(self, what, ours, theirs=None, at_most=None, at_most_ratio=None, scale=1.0, unit=""):
        """Ours, and theirs if there is such a thing. The targets, if there are any: the highest
        good value of ours, and the highest good ratio of ours to theirs. Values are shown times
        `scale`, in this unit."""
        def figure(value):
            return ("%.4g %s" % (value * scale, unit)).rstrip()

        cells, targets, missed = [what, figure(ours), "", ""], [], False
        if theirs is not None:
            cells[2:] = figure(theirs), _ratio(ours / theirs)
        if at_most is not None:
            targets.append("<= " + figure(at_most))
            missed |= ours > at_most
        if at_most_ratio is not None:
            targets.append("<= " + _ratio(at_most_ratio))
            missed |= ours / theirs > at_most_ratio
        if targets:
            cells += [", ".join(targets) + (": MISSED" if missed else ": met")]
        self._print(*cells)
        self.missed |= missed

    @staticmethod
    def _print(what, *cells):
        line = "  %-44s" % what + "".join("%12s" % cell for cell in cells[:3]) + "   " + "".join(cells[3:])
        print(line.rstrip(), flush=True)

    def finish(self):
        print("targets missed" if self.missed else "all targets met")
        sys.exit(1 if self.missed else 0)


def _ratio(value):
    return "1/%.0f" % (1 / value) if 0 < value <= 0.05 else "%.3g" % value
