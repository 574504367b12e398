# SPDX-License-Identifier: Apache-2.0
"""Every metric of the exporter's document, and the command that prints its value by hand.

Three differences are ruled, and only these: nodes are counted once and not once per partition
(slurm_nodes, slurm_partition_nodes), drain_total counts a node once, and the reset
time is one that sacct understands.
"""

import concurrent.futures
import re
import time


def count_lines(output):
    return len(output.splitlines())


def extract_number(output):
    """The number it prints; nothing printed is 0."""
    return sum(int(number) for number in re.findall(r"\d+", output))


def count_distinct(output):
    return len(set(output.split()))


_QUEUE = ("running", "pending", "configuring", "completing", "suspended", "failed")
_NODES = {"alloc": "alloc", "idle": "idle", "mixed": "mix", "down": "down", "drain": "drain",
          "draining": "drng", "drained": "drained", "maint": "maint", "fail": "fail",
          "powered_down": "powered_down", "powering_up": "powering_up"}
_HISTORY = {"completed": "COMPLETED", "failed": "FAILED", "timeout": "TIMEOUT",
            "node_failed": "NODE_FAIL", "cancelled": "CANCELLED", "preempted": "PREEMPTED",
            "out_of_memory": "OUT_OF_MEMORY"}

# {since} is the reset time. In brackets: only of a metric by partition.
_ROWS = [("slurm_[partition_]jobs", "squeue [-p {partition}] -h", count_lines)]
_ROWS += [("slurm_[partition_]jobs_" + state, "squeue [-p {partition}] -t %s -h" % state.upper(), count_lines)
          for state in _QUEUE]
_ROWS += [("slurm_[partition_]nodes", "sinfo [-p {partition}] -N -h -o %N", count_distinct)]
_ROWS += [("slurm_[partition_]nodes_" + name, "sinfo [-p {partition}] -t %s -h -o %%D" % state, extract_number)
          for name, state in _NODES.items()]
_ROWS += [("slurm_[partition_]nodes_drain_total",
           "sinfo [-p {partition}] -t drain,drng,drained -N -h -o %N", count_distinct)]
_ROWS += [("slurm_[partition_]jobs_total_submitted",
           "sacct -a [-r {partition}] -S {since} -E now -X -n --noheader", count_lines)]
_ROWS += [("slurm_[partition_]jobs_total_" + name,
           "sacct -a [-r {partition}] -S {since} -E now -s %s --noheader -X -n" % state, count_lines)
          for name, state in _HISTORY.items()]


def _variants():
    """(name, command, how to read it), of all partitions together and by partition."""
    for name, command, read in _ROWS:
        yield re.sub(r"\[.*?\]", "", name), re.sub(r"\[.*?\] ?", "", command), read
        yield re.sub(r"[][]", "", name), re.sub(r"[][]", "", command), read


TABLE = {name: (command, read) for name, command, read in _variants()}
METRICS = sorted(TABLE)


def is_by_partition(metric):
    return metric.startswith("slurm_partition_")


def by_hand(cluster, since_s, metrics=METRICS):
    """{metric: {labels: value}} as the documented commands print them now."""
    since = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(since_s))

    def ask(metric, partition):
        command, read = TABLE[metric]
        words = command.format(partition=partition, since=since).split()
        return metric, partition, read(cluster.run(*words).stdout)

    asked = [(metric, partition) for metric in metrics
             for partition in (cluster.partitions() if is_by_partition(metric) else [None])]
    found = {}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for metric, partition, value in pool.map(lambda one: ask(*one), asked):
            key = (("partition", partition),) if partition else ()
            found.setdefault(metric, {})[key] = value
    return found
