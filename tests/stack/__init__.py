# SPDX-License-Identifier: Apache-2.0
"""A real Slurm with accounting and real receivers, on loopback, thrown away at the end.

    with Stack() as stack:
        workload.every_state(stack.slurm)
        stack.slurm.run("squeue", "-h").stdout
        stack.prometheus.series("slurm_jobs")

Everything lives in one temporary folder and under one keeper process, which ends
all of it when the `with` block is left, and also when the process that holds
the stack is killed.

    process    start and stop programs, wait until they are ready
    keeper     the program that owns them all (runs as a process of its own)
    ports      free ports on loopback
    database   MariaDB
    shape      what nodes and partitions a cluster has
    slurm      munge, slurmdbd, slurmctld, slurmd
    receivers  Prometheus, Pushgateway, VictoriaMetrics
    stack      all of the above in one context manager
    workload   jobs and node states to bring a cluster into
    pusher     the program under test, run against a stack
    demo       the show behind `./dev demo`
"""

from .process import NotReady, wait_until
from .pusher import Pusher
from .shape import Partition, Shape, default_shape, sized_shape
from .stack import Stack

__all__ = ["NotReady", "Partition", "Pusher", "Shape", "Stack", "default_shape", "sized_shape",
           "wait_until"]
