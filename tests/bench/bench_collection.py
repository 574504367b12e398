# SPDX-License-Identifier: Apache-2.0
"""One collection, ours against the commands of the exporter's document, one after the other.

At the scale that the document names: 1,000 jobs in the queue, 100 nodes, 10,000 finished jobs. Ours is a tick
and a pass over history; theirs are the commands alone, without the Python around them.

A tick does not wait for a pass, which has its own, slower pace and runs beside it, so there are two wall
times. Nearly all of a pass is waiting: each sacct takes some 85 ms for 10 ms of work, because Slurm sends the
length and the body of a request apart and the kernel delays the acknowledgement between them. With 3
partitions that alone is more than 1/40 of theirs, so that target is for 10.
"""

import resource
import subprocess
import time

from measure import MS, Table, at_work, median, readings, steps, wait_for_history
from stack import Stack, sized_shape, workload

ROUNDS, TICKS = 3, 10
JOBS, NODES, FINISHED, DAY = 1000, 100, 10000, 86400

CONFIG = """\
global: {scrape_interval: 1s}
slurm: {reset_time: "%s"}
history: {interval: 1s}
storage: {path: "{storage}"}
web: {listen_address: "127.0.0.1:{port}"}
"""

JOB_STATES = ["RUNNING", "PENDING", "CONFIGURING", "COMPLETING", "SUSPENDED", "FAILED"]
NODE_STATES = ["alloc", "idle", "mix", "down", "drain", "drng", "drained", "maint", "fail", "powered_down",
               "powering_up"]
PARTITION_NODE_STATES = ["alloc", "idle", "mix", "down", "drain", "drng", "drained"]
ENDED_STATES = ["COMPLETED", "FAILED", "TIMEOUT", "NODE_FAIL", "CANCELLED", "PREEMPTED", "OUT_OF_MEMORY"]
PARTITION_LIST = ["sinfo", "-h", "-o", "%R"]


def document_commands(partitions, since):
    """The commands of one collection, in order: 30, and 23 for each partition."""
    window = ["-S", since, "-E", "now"]

    def squeue(*where):
        yield ["squeue", *where, "-h"]
        for state in JOB_STATES:
            yield ["squeue", *where, "-t", state, "-h"]

    def sinfo(states, *where):
        yield ["sinfo", *where, "-N", "-h"]
        for state in states:
            yield ["sinfo", *where, "-t", state, "-h", "-o", "%D"]

    def sacct(*where):
        yield ["sacct", "-a", *where, *window, "-X", "-n", "--noheader"]
        for state in ENDED_STATES:
            yield ["sacct", "-a", *where, *window, "-s", state, "--noheader", "-X", "-n"]

    yield from squeue()
    yield from sacct()
    yield from sinfo(NODE_STATES)
    for kind in (squeue, lambda *where: sinfo(PARTITION_NODE_STATES, *where)):
        yield PARTITION_LIST
        for name in partitions:
            yield from kind("-p", name)
    yield PARTITION_LIST
    for name in partitions:
        yield from sacct("-r", name)


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_document(cluster, commands):
    """(wall time, CPU time of the commands)"""
    began, cpu = time.monotonic(), children_cpu()
    for command in commands:
        subprocess.run(command, env=cluster.env, capture_output=True, text=True, check=True)
    return time.monotonic() - began, children_cpu() - cpu


def run_ours(stack, since):
    """(processes, wall time of a tick, of a pass, CPU time of the commands and of ourselves), medians of
    some ticks"""
    with at_work(stack, CONFIG % since) as pusher:
        wait_for_history(pusher, FINISHED)
        seen = list(readings(pusher, TICKS))
    cpu = median(sum(r.by_source("cpu_seconds").values()) for r in seen)
    return (median(steps(sum(r.by_source("commands_total").values()) for r in seen)),
            median(r("collect_duration_seconds") for r in seen),
            median(r("source_duration_seconds", source="history") for r in seen),
            cpu + median(steps(r.cpu for r in seen)))


def fill(cluster):
    partitions = cluster.partitions()
    for name in partitions:
        workload.split_array_jobs(cluster, JOBS // len(partitions), "-p", name)
    workload.finished_jobs(cluster, FINISHED, over_seconds=0.9 * DAY)
    cluster.settle()


def compare(table, n_partitions):
    with Stack(["slurm"], shape=sized_shape(NODES, n_partitions)) as stack:
        fill(stack.slurm)
        since = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() - DAY))
        commands = list(document_commands(stack.slurm.partitions(), since))
        assert len(commands) == 30 + 23 * n_partitions
        rounds = [(run_ours(stack, since), run_document(stack.slurm, commands)) for _ in range(ROUNDS)]
    processes, tick, history, cpu = (median(ours[i] for ours, _ in rounds) for i in range(4))
    their_wall, their_cpu = (median(theirs[i] for _, theirs in rounds) for i in range(2))
    what = "%d partitions: " % n_partitions
    table.row(what + "processes", processes, len(commands), at_most=5)
    table.row(what + "CPU time", cpu, their_cpu, at_most_ratio=1 / 20, scale=MS, unit="ms")
    table.row(what + "wall time of a tick", tick, their_wall, at_most_ratio=1 / 40, scale=MS, unit="ms")
    table.row(what + "with a pass beside it", max(tick, history), their_wall,
              at_most_ratio=1 / 40 if n_partitions >= 10 else None, scale=MS, unit="ms")


def main():
    table = Table("A collection against the commands of the document (median of %d rounds)" % ROUNDS,
                  theirs="document")
    for n_partitions in (3, 10):
        compare(table, n_partitions)
    table.finish()


if __name__ == "__main__":
    main()
