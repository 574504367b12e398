# SPDX-License-Identifier: Apache-2.0
"""Bring a cluster into given states: jobs, nodes, and long histories."""

# JobState numbers as slurmdbd stores them.
DB_STATES = {"PENDING": 0, "RUNNING": 1, "SUSPENDED": 2, "COMPLETED": 3, "CANCELLED": 4, "FAILED": 5,
             "TIMEOUT": 6, "NODE_FAIL": 7, "PREEMPTED": 8, "BOOT_FAIL": 9, "DEADLINE": 10,
             "OUT_OF_MEMORY": 11}


def submit(cluster, *words, wrap="sleep 100000", name=None):
    """sbatch with these options; the job id. The default job runs until it is ended."""
    named = ["--job-name=" + name] if name else []
    return cluster.run("sbatch", "--parsable", "--output=/dev/null", *named, *words,
                       "--wrap", wrap).stdout.strip()


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


def finished_jobs(cluster, count, over_seconds=86400.0, states=None, partitions=None, until=None,
                  first_id=20000000):
    """Put `count` finished jobs into slurmdbd's database, ended evenly over the last while.

    They are written with SQL: copies of one real finished row, with ids, times, states
    and partitions of their own. `states` maps a state to its share; `until` is the epoch time
    of the last end (now if None)."""
    import time
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
        cluster.wait_for_job(submit(cluster, "-n1", wrap="true"), "COMPLETED")
        cluster.settle()
        rows = cluster.database.query(query)
    return rows[0][0]
