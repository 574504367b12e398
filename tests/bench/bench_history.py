# SPDX-License-Identifier: Apache-2.0
"""A pass over history when 1,000,000 finished jobs have been counted, against one with 1,000.

Two clusters at once, so that what else the machine does falls on both; the jobs are spread over
the same 30 days, and in both one more job ends in each round, so that every pass has something to count
and to save.
"""

import contextlib

from measure import MS, Table, at_work, median, readings, steps, wait_for_history
from stack import Stack, sized_shape, workload

SIZES = (1000, 1000000)
ROUNDS, DAYS = 20, 30

CONFIG = """\
global: {scrape_interval: 1s}
slurm: {reset_time: "%d days ago"}
history: {interval: 1s}
storage: {path: "{storage}"}
web: {listen_address: "127.0.0.1:{port}"}
""" % (DAYS + 1)


@contextlib.contextmanager
def counted(size):
    """A cluster with that many finished jobs, and the program when it has counted them."""
    with Stack(["slurm"], shape=sized_shape(10, 2)) as stack:
        workload.finished_jobs(stack.slurm, size, over_seconds=DAYS * 86400)
        with at_work(stack, CONFIG) as pusher:
            wait_for_history(pusher, size, passes=5)
            yield pusher


def watch(pushers):
    """A list of readings for each of them."""
    watched = [readings(pusher, ROUNDS, interval=1) for pusher in pushers]
    seen = [[] for _ in pushers]
    for _ in range(ROUNDS):
        for pusher in pushers:
            workload.submit(pusher.stack.slurm, wrap="true")
        for reading, into in zip(watched, seen):
            into.append(next(reading))
    return seen


def costs(seen):
    """(wall time, sacct's CPU time, our own) of a pass; our own has that of a tick in it"""
    passes = steps(r("history_passes_total") for r in seen)
    own = (seen[-1].cpu - seen[0].cpu) / sum(passes)
    return (median(r("source_duration_seconds", source="history") for r in seen),
            median(r("source_cpu_seconds", source="history") for r in seen), own)


def main():
    with counted(SIZES[0]) as few, counted(SIZES[1]) as many:
        few, many = map(costs, watch([few, many]))
    table = Table("A pass over history with %d finished jobs against one with %d (%d rounds)" % (
        SIZES[1], SIZES[0], ROUNDS), ours="%d" % SIZES[1], theirs="%d" % SIZES[0])
    table.row("wall time", many[0], few[0], at_most_ratio=1.2, scale=MS, unit="ms")
    table.row("CPU time of sacct", many[1], few[1], scale=MS, unit="ms")
    table.row("our own CPU time, with a tick's", many[2], few[2], scale=MS, unit="ms")
    table.row("both", many[1] + many[2], few[1] + few[2], scale=MS, unit="ms")
    table.finish()


if __name__ == "__main__":
    main()
