# SPDX-License-Identifier: Apache-2.0
"""Our own CPU time of a tick against that of the Slurm commands it ran, on a large cluster.

Ours has everything in it: reading, counting, text, compression, remote-write, and the
threads of libraries.
"""

from measure import MS, Table, at_work, median, readings, steps
from stack import Stack, sized_shape, workload

JOBS, NODES, PARTITIONS = 60000, 8000, 80
TICKS, INTERVAL = 15, 3

CONFIG = """\
global: {scrape_interval: %ds}
remote_write: [{url: "{remote_write}"}]
pushgateway: [{url: "{pushgateway}"}]
history: {enabled: false}
storage: {path: "{storage}"}
web: {listen_address: "127.0.0.1:{port}"}
""" % INTERVAL


def main():
    with Stack(shape=sized_shape(NODES, PARTITIONS)) as stack:
        workload.split_array_jobs(stack.slurm, JOBS)
        with at_work(stack, CONFIG) as pusher:
            seen = list(readings(pusher, TICKS, INTERVAL))
    last = seen[-1]
    jobs, nodes = last.families["slurm_jobs"][()], last.families["slurm_nodes"][()]
    assert (jobs, nodes) == (JOBS, NODES), (jobs, nodes)

    table = Table("Own CPU time of a tick with %d jobs and %d nodes, %d series (median of %d ticks)" % (
        jobs, nodes, last("series"), TICKS), theirs="commands")
    for source in last.by_source("cpu_seconds"):
        table.row("the command for " + source, median(r("source_cpu_seconds", source=source) for r in seen),
                  scale=MS, unit="ms")
    table.row("a tick", median(steps(r.cpu for r in seen)),
              median(sum(r.by_source("cpu_seconds").values()) for r in seen),
              at_most_ratio=0.1, scale=MS, unit="ms")
    table.finish()


if __name__ == "__main__":
    main()
