# SPDX-License-Identifier: Apache-2.0
"""Bring a cluster into given states: jobs, nodes, and long histories."""

import dataclasses
import time
from typing import Dict

from .process import wait_until

# JobState numbers as slurmdbd stores them.
DB_STATES = {"PENDING": 0, "RUNNING": 1, "SUSPENDED": 2, "COMPLETED": 3, "CANCELLED": 4, "FAILED": 5,
             "TIMEOUT": 6, "NODE_FAIL": 7, "PREEMPTED": 8, "BOOT_FAIL": 9, "DEADLINE": 10,
             "OUT_OF_MEMORY": 11}


def submit(cluster, *words, wrap="sleep 100000", name=None):
    """sbatch with these options; the job id. The default job runs until it is ended."""
    named = ["--job-name=" + name] if name else []
    return cluster.run("sbatch", "--parsable", *named, *words,
                       "--wrap", wrap).stdout.strip()


# One of every kind


@dataclasses.dataclass
class EveryState:
    """What every_state() made: job ids by kind, node names by state."""

    jobs: Dict[str, str] = dataclasses.field(default_factory=dict)
    nodes: Dict[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self):
        return "jobs: %s; nodes: %s" % tuple(
            ", ".join("%s %s" % pair for pair in kind.items()) for kind in (self.jobs, self.nodes))


def every_state(cluster, timeout=120.0):
    """Bring about, with real jobs on a default_shape() cluster, all of this at once:

    jobs   running, pending for every usual reason, held, in several partitions, arrays in part and
           whole, suspended, configuring, completing, completed, failed, cancelled (running, pending,
           held), timed out, out of memory (in slurmdbd only), failed with their node (one is requeued and completes
           elsewhere), preempted, requeued; some of them in a hidden partition
    nodes  idle, mixed, allocated, drained, draining, in maintenance, failing, down, powered
           down, powering up

    Nothing of it changes any more by itself when this returns, until slurmctld forgets the
    finished jobs (MinJobAge)."""
    made = EveryState()
    jobs = made.jobs

    def job(kind, *words, **options):
        jobs[kind] = submit(cluster, *words, name=kind, **options)

    def update(*words):
        cluster.run("scontrol", "update", *words)

    made.nodes.update({
        "allocated": "r1", "mixed": "r2", "idle": "r3", "drained": "r4", "draining": "r5",
        "maintenance": "r6", "failing": "r7", "down": "r8", "completing": "r9",
        "powering_up": "c1", "powered_down": "c2"})
    cluster.hold_epilog("r9")
    cluster.run("scontrol", "create", "reservation", "ReservationName=upkeep", "StartTime=now",
                "Duration=1-00:00:00", "Nodes=r6", "Flags=MAINT", "Users=root")
    update("nodename=r4", "state=drain", "reason=broken fan")

    # What runs.
    job("timed_out", "-w", "r2", "--time=1")
    job("running", "-w", "r1", "-n8")
    job("suspended", "-w", "r2")
    job("requeued", "-w", "r2", "--requeue")
    job("cancelled_running", "-w", "r2")
    job("running_hidden", "-w", "r2", "-p", "staff")
    job("array", "-w", "r2", "--array=1-20%1", wrap='[ "$SLURM_ARRAY_TASK_ID" = 1 ] || sleep 100000')
    job("running_draining", "-w", "r5", "-p", "htc")
    job("running_failing", "-w", "r7", "-p", "frail")
    job("node_failed", "-w", "r8", "-p", "frail", "--no-requeue")
    job("node_failed_completed", "-w", "r8", "-p", "frail", "--requeue",
        wrap='[ "$SLURM_RESTART_COUNT" ] || sleep 100000')
    job("completing", "-w", "r9", "-p", "frail", wrap="true")
    job("configuring", "-p", "cloud")
    job("preempted", "-w", "r3", "-p", "low", "-n8")
    job("completed", "-w", "r2", wrap="true")
    job("failed", "-w", "r2", wrap="exit 3")
    job("failed_by_signal", "-w", "r2", "-p", "htc", wrap="kill -SEGV $$")
    job("array_completed", "-w", "r2", "--array=1-3", wrap="true")
    job("out_of_memory", "-w", "r2", wrap="exit 1")

    # What waits.
    job("pending", "-w", "r1")
    job("pending_array", "-w", "r1", "--array=1-30")
    job("pending_several_partitions", "-p", "hpc,htc", "-w", "d5")
    job("pending_dependency", "--dependency=afterany:" + jobs["running"])
    job("pending_begin", "--begin=now+1day")
    job("pending_hidden", "-p", "staff", "-w", "d1")
    job("held", "--hold")
    job("held_array", "--hold", "--array=1-5")
    job("cancelled_held", "--hold")
    job("cancelled_pending", "-w", "r1")
    job("cancelled_several_partitions", "-p", "hpc,htc", "-w", "d5")

    end = time.monotonic() + timeout

    def wait(kind, *states, task=""):
        cluster.wait_for_job(jobs[kind] + task, *states, timeout=max(1.0, end - time.monotonic()))

    # What happens to it.
    cluster.run("scancel", jobs["cancelled_held"], jobs["cancelled_pending"],
                jobs["cancelled_several_partitions"])
    wait("timed_out", "RUNNING")
    update("jobid=" + jobs["timed_out"], "timelimit=0")
    wait("node_failed", "RUNNING")
    wait("node_failed_completed", "RUNNING")
    cluster.kill_slurmd("r8")
    update("nodename=r8", "state=down", "reason=lost power")
    wait("preempted", "RUNNING")
    job("preempting", "-w", "r3", "-p", "high", "-n8", wrap="true")
    wait("suspended", "RUNNING")
    cluster.run("scontrol", "suspend", jobs["suspended"])
    wait("cancelled_running", "RUNNING")
    cluster.run("scancel", jobs["cancelled_running"])
    wait("requeued", "RUNNING")
    cluster.run("scontrol", "requeue", jobs["requeued"])
    wait("requeued", "PENDING")
    update("jobid=" + jobs["requeued"], "starttime=now+1day")
    wait("running_draining", "RUNNING")
    update("nodename=r5", "state=drain", "reason=disk is full")
    wait("running_failing", "RUNNING")
    update("nodename=r7", "state=fail", "reason=memory errors")
    wait("node_failed_completed", "PENDING")
    update("jobid=" + jobs["node_failed_completed"], "partition=hpc", "reqnodelist=r2", "starttime=now")

    # Until all of it has happened.
    for kind, state in (
            ("running", "RUNNING"), ("running_hidden", "RUNNING"), ("completing", "COMPLETING"),
            ("configuring", "CONFIGURING"), ("suspended", "SUSPENDED"), ("completed", "COMPLETED"),
            ("failed", "FAILED"), ("failed_by_signal", "FAILED"), ("node_failed", "NODE_FAIL"),
            ("cancelled_running", "CANCELLED"), ("preempting", "COMPLETED"), ("preempted", "PREEMPTED"),
            ("node_failed_completed", "COMPLETED"),
            ("out_of_memory", "FAILED"), ("timed_out", "TIMEOUT")):
        wait(kind, state)
    wait("array", "COMPLETED", task="_1")
    wait("array", "RUNNING", task="_2")
    wait("array_completed", "COMPLETED", task="_3")
    wait_until(lambda: "MAINT" in cluster.nodes()["r6"]["State"], "r6 is in maintenance",
               max(1.0, end - time.monotonic()), every=0.1)
    cluster.settle()
    # Slurm only sees a job run out of memory with a memory cgroup of its own, which a container
    # seldom has. So this job failed, and only slurmdbd is told another reason.
    cluster.database.query("UPDATE %s_job_table SET state=%d WHERE id_job=%s" % (
        cluster.cluster, DB_STATES["OUT_OF_MEMORY"], jobs["out_of_memory"]))
    return made


# Many of them


def split_array_jobs(cluster, count, *words):
    """Put `count` pending records into the queue, quickly: held arrays whose tasks are then given
    a comment, which makes slurmctld split each into a record of its own. The array ids."""
    made, most = [], 20000
    while count > 0:
        tasks = min(count, most)
        array = submit(cluster, "--hold", "--array=1-%d" % tasks, *words, wrap="true")
        if tasks > 1:       # the last task stays in the array's own record
            cluster.run("scontrol", "update", "jobid=%s_[1-%d]" % (array, tasks - 1), "comment=x",
                        timeout=600)
        made.append(array)
        count -= tasks
    return made


def running_jobs(cluster, count, *words):
    """Put `count` running jobs into the queue that have no process. Their nodes need a CPU for each."""
    for _ in range(count):
        cluster.run("salloc", "--no-shell", "-n1", "--job-name=allocated", *words)


def finished_jobs(cluster, count, over_seconds=86400.0, states=None, partitions=None, until=None,
                  first_id=20000000):
    """Put `count` finished jobs into slurmdbd's database, ended evenly over the last while.

    They are written with SQL: copies of one real finished row, with ids, times, states
    and partitions of their own. Quick on a cluster whose queue is still empty; behind many new records
    the real row takes its time to reach slurmdbd. `states` maps a state to its share; `until` is the epoch time
    of the last end (now if None)."""
    shares = states or {"COMPLETED": 88, "FAILED": 6, "CANCELLED": 4, "TIMEOUT": 2}
    names = partitions or cluster.partitions()
    database, table = cluster.database, "%s_job_table" % cluster.cluster
    until = int(time.time()) if until is None else int(until)
    model = _finished_row(cluster)
    columns = [row[0] for row in database.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema='slurm' "
        "AND table_name='%s' AND extra NOT LIKE '%%auto_increment%%' ORDER BY ordinal_position" % table)]
    cycle = [DB_STATES[state] for state, share in shares.items() for _ in range(share)]
    end = "%d - FLOOR((%d - s.seq) * %r / %d)" % (until, count, float(over_seconds), count)
    own = {
        "id_job": "%d + s.seq" % first_id,
        "state": _choose("s.seq * 7919", cycle),
        "`partition`": _choose("s.seq", ["'%s'" % name for name in names]),
        "time_submit": end + " - 90", "time_eligible": end + " - 90", "time_start": end + " - 60",
        "time_end": end, "mod_time": end,
    }
    values = []
    for column in columns:
        values.append(own.get(column, own.get("`%s`" % column, "m.`%s`" % column)))
    database.query("INSERT INTO %s (%s) SELECT %s FROM (SELECT * FROM %s WHERE job_db_inx=%s) m, "
                   "seq_1_to_%d s" % (table, ", ".join("`%s`" % column for column in columns),
                                      ", ".join(values), table, model, count))
    database.query("ANALYZE TABLE " + table)


def _choose(number, values):
    """SQL for values[number % len(values)]; neighbours that are equal share a case."""
    cases, low = [], 0
    while low < len(values):
        high = low
        while high < len(values) and values[high] == values[low]:
            high += 1
        cases.append("WHEN (%s) %% %d < %d THEN %s" % (number, len(values), high, values[low]))
        low = high
    return "CASE %s END" % " ".join(cases)


def _finished_row(cluster):
    """job_db_inx of a finished job that is no array, made if there is none."""
    query = ("SELECT job_db_inx FROM %s_job_table WHERE state=3 AND time_end>0 AND id_array_job=0 "
             "LIMIT 1" % cluster.cluster)
    rows = cluster.database.query(query)
    if not rows:
        cluster.run("salloc", "-n1", "true")
        cluster.settle()
        rows = cluster.database.query(query)
    return rows[0][0]
