# SPDX-License-Identifier: Apache-2.0
"""Memory after 200 ticks at the scale that the exporter's document names, with a job ending every second,
over plain HTTP to a real Prometheus and a real Pushgateway."""

import time

from measure import MB, Reading, Table, at_work, wait_for_history
from stack import Stack, sized_shape, workload

JOBS, NODES, PARTITIONS, FINISHED = 1000, 100, 10, 10000
HALFWAY, END = 100, 200
GROWTH = 1.03

CONFIG = """\
global: {scrape_interval: 1s}
remote_write: [{url: "{remote_write}"}]
pushgateway: [{url: "{pushgateway}"}]
slurm: {reset_time: "24 hours ago"}
history: {interval: 5s}
storage: {path: "{storage}"}
web: {listen_address: "127.0.0.1:{port}"}
"""


def memory(pid):
    """(anonymous, resident) in bytes"""
    with open("/proc/%d/smaps_rollup" % pid) as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    return tuple(int(fields[name].split()[0]) << 10 for name in ("Anonymous", "Rss"))


def after_ticks(pusher, count):
    """Memory when it has done that many ticks. Until then jobs come and go."""
    partitions = pusher.stack.slurm.partitions()
    while True:
        ticks = int(Reading(pusher)("ticks_total"))
        if ticks >= count:
            return memory(pusher.process.pid)
        workload.submit(pusher.stack.slurm, "-p", partitions[ticks % len(partitions)], wrap="true")
        time.sleep(0.9)


def must_arrive(pusher):
    """Nothing was measured if the receivers got nothing."""
    for name, sent in Reading(pusher).families["slurm_exporter_samples_total"].items():
        if sent == 0:
            raise RuntimeError("nothing was sent to %s" % dict(name)["destination"])


def main():
    with Stack(shape=sized_shape(NODES, PARTITIONS)) as stack:
        for name in stack.slurm.partitions():
            workload.split_array_jobs(stack.slurm, JOBS // PARTITIONS, "-p", name)
        workload.finished_jobs(stack.slurm, FINISHED, over_seconds=80000)
        with at_work(stack, CONFIG) as pusher:
            wait_for_history(pusher, FINISHED)
            halfway = after_ticks(pusher, HALFWAY)
            end = after_ticks(pusher, END)
            must_arrive(pusher)

    table = Table("Memory after %d ticks, and against that after %d" % (END, HALFWAY),
                  theirs="tick %d" % HALFWAY)
    for i, what, at_most in ((0, "anonymous", 4), (1, "resident", 16)):
        table.row(what, end[i], halfway[i], at_most=at_most / MB, at_most_ratio=GROWTH, scale=MB, unit="MB")
    table.finish()


if __name__ == "__main__":
    main()
