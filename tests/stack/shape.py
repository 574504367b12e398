# SPDX-License-Identifier: Apache-2.0
"""What nodes and partitions a cluster has.

Node names tell what a node is:

    r1 r2 ...  real: a slurmd runs for each
    d1 d2 ...  fake: DOWN from the start, no slurmd
    c1 c2 ...  cloud: powered down from the start; a job sent there stays CONFIGURING
    x1 x2 ...  fake, and in no partition
"""

import dataclasses
from typing import List


@dataclasses.dataclass
class Partition:
    name: str
    nodes: str = ""         # a node list; empty: the partition has none
    options: str = ""       # further words of its line in slurm.conf


@dataclasses.dataclass
class Shape:
    partitions: List[Partition]
    real: int = 2
    cpus: int = 8           # of every node; Slurm is told to believe it
    fake: int = 0
    cloud: int = 0
    loose: int = 0
    scheduling: str = "sched_interval=2,bf_interval=2,batch_sched_delay=0"
    extra: str = ""         # further lines of slurm.conf

    def node_count(self):
        return self.real + self.fake + self.cloud + self.loose


def default_shape(**changes):
    """Small, and with room for every state of jobs and nodes: see workload.every_state."""
    shape = Shape(
        real=9, cpus=8, fake=12, cloud=6, loose=1,
        partitions=[
            Partition("hpc", "r[1-4],d[1-6]", "Default=YES"),
            Partition("htc", "r[2-7],d[5-12]"),
            Partition("frail", "r[7-9]"),
            Partition("low", "r3", "PriorityTier=1 PreemptMode=CANCEL"),
            Partition("high", "r3", "PriorityTier=10 PreemptMode=OFF"),
            Partition("cloud", "c[1-6]"),
            Partition("staff", "r[2,5],d1", "Hidden=YES"),
            Partition("empty"),
        ])
    return dataclasses.replace(shape, **changes)


def sized_shape(nodes, partitions, real=1, cpus=4000, **changes):
    """A cluster of that many nodes, of which `real` have a slurmd, and that many partitions.

    Every partition holds all real nodes and its share of the fake ones, and a third of the next
    partition's. Scheduling is lazy, so that a long queue costs the controller little."""
    fake = nodes - real
    share = max(1, fake // partitions) if fake else 0
    made = []
    for i in range(partitions):
        first, last = 1 + i * share, min(fake, (i + 1) * share + share // 3)
        if i == partitions - 1:
            last = fake
        names = "r[1-%d]" % real if real > 1 else "r1"
        if first <= last:
            names += ",d[%d-%d]" % (first, last)
        made.append(Partition("p%d" % (i + 1), names, "Default=YES" if i == 0 else ""))
    shape = Shape(partitions=made, real=real, cpus=cpus, fake=fake,
                  scheduling="sched_interval=60,bf_interval=60,batch_sched_delay=0")
    return dataclasses.replace(shape, **changes)
