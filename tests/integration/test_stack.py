# SPDX-License-Identifier: Apache-2.0
"""The stack that all integration tests stand on."""

import os
import pwd
import signal
import struct
import subprocess
import sys
import time
import urllib.request

import pytest

from stack import Stack, default_shape, sized_shape, wait_until, workload
from stack.receivers import labels, parse_exposition

_TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def processes_of(folder):
    """Command lines of all processes that have the folder in their command or environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                command = file.read()
            with open("/proc/%s/environ" % pid, "rb") as file:
                environment = file.read()
        except OSError:
            continue
        if int(pid) != os.getpid() and folder.encode() in command + environment:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def put(url, text):
    request = urllib.request.Request(url, data=text.encode(), method="PUT")
    return urllib.request.urlopen(request, timeout=10).status


def write_sample(url, name, value, at, **names):
    """A remote-write request with one sample, made without any library: literal snappy."""
    def field(number, content):
        return bytes([number << 3 | 2]) + varint(len(content)) + content

    def varint(number):
        out = b""
        while number > 0x7f:
            out += bytes([number & 0x7f | 0x80])
            number >>= 7
        return out + bytes([number])

    pairs = sorted({"__name__": name, **names}.items())
    series = b"".join(field(1, field(1, key.encode()) + field(2, text.encode())) for key, text in pairs)
    series += field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(int(at * 1000)))
    body = field(1, series)
    assert 60 <= len(body) < 256 + 60
    block = varint(len(body)) + bytes([60 << 2, len(body) - 1]) + body
    request = urllib.request.Request(url, data=block, method="POST", headers={
        "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0"})
    return urllib.request.urlopen(request, timeout=10).status


def test_a_job_runs_and_is_accounted_for(stack):
    job = workload.submit(stack.slurm, wrap="exit 7")
    stack.slurm.wait_for_job(job, "FAILED")
    stack.slurm.settle()
    rows = stack.slurm.lines("sacct", "-X", "-n", "-P", "-j", job, "-o", "State,ExitCode")
    assert rows == ["FAILED|7:0"]


def test_daemons_run_as_the_user_they_were_given(stack):
    uid = str(pwd.getpwnam("slurm").pw_uid)
    for daemon in (stack.slurm.slurmctld, stack.slurm.slurmdbd):
        with open("/proc/%d/status" % daemon.pid) as status:
            assert dict(line.split(":", 1) for line in status)["Uid"].split() == [uid] * 4


def test_the_cluster_has_overlapping_hidden_and_empty_partitions(stack):
    assert stack.slurm.nodes()["r2"]["Partitions"] == "hpc,htc,staff"
    shown = {line.split()[0]: line for line in stack.slurm.lines("scontrol", "-a", "-o", "show", "partition")}
    assert " Hidden=YES " in shown["PartitionName=staff"]
    assert " TotalNodes=0 " in shown["PartitionName=empty"]
    assert "Partitions" not in stack.slurm.nodes()["x1"]


def test_prometheus_gives_back_what_was_written(stack):
    now = time.time()
    assert write_sample(stack.prometheus.write_url, "test_written", 4.5, now, job="t", partition="hpc") in (200, 204)
    assert stack.prometheus.series("test_written") == {labels(partition="hpc"): 4.5}
    [(at, value)] = stack.prometheus.samples("test_written")[labels(partition="hpc")]
    assert value == 4.5 and abs(at - now) < 0.01


def test_pushgateway_gives_back_what_was_pushed(stack):
    assert put(stack.pushgateway.url + "/metrics/job/t", 'test_pushed{partition="a\\"b"} 3\n') == 200
    assert stack.pushgateway.series("test_pushed") == {labels(partition='a"b'): 3.0}
    assert {"job": "t"} in stack.pushgateway.groups()


def test_a_receiver_comes_back_on_the_same_port(stack):
    url = stack.pushgateway.url
    stack.pushgateway.stop()
    assert not stack.pushgateway.is_ready()
    stack.pushgateway.start()
    stack.pushgateway.ready()
    assert stack.pushgateway.url == url


@pytest.mark.parametrize("text, expected", [
    ("", {}),
    ("# HELP a b\n# TYPE a gauge\na 1\n", {"a": {(): 1.0}}),
    ('a{x="1",y="q\\"\\\\\\n"} 2.5 1700000000000\n', {"a": {(("x", "1"), ("y", 'q"\\\n')): 2.5}}),
    ("a +Inf\n", {"a": {(): float("inf")}}),
    ('a{job="j",x="}"} 1\n', {"a": {(("x", "}"),): 1.0}}),
])
def test_exposition_is_read_as_prometheus_reads_it(text, expected):
    assert parse_exposition(text, drop=("job",)) == expected


def test_exposition_that_is_none_is_an_error():
    with pytest.raises(ValueError):
        parse_exposition("a b c d\n")


def test_slurm_daemons_stop_and_come_back(own_stack):
    slurm = own_stack.slurm
    job = workload.submit(slurm)
    slurm.wait_for_job(job, "RUNNING")
    assert slurm.stop_slurmctld() == 0
    assert slurm.run("scontrol", "ping", check=False).returncode != 0
    slurm.start_slurmctld()
    assert slurm.job_states()[job] == "RUNNING"
    assert slurm.stop_slurmdbd() == 0
    assert slurm.run("sacct", "-a", check=False).returncode != 0
    slurm.start_slurmdbd()
    assert slurm.run("sacct", "-a").returncode == 0


def test_every_state_comes_about(own_stack):
    slurm = own_stack.slurm
    made = workload.every_state(slurm)
    shown = set(slurm.job_states().values())
    assert shown >= {"RUNNING", "PENDING", "CONFIGURING", "COMPLETING", "SUSPENDED", "COMPLETED", "FAILED",
                     "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED"}
    accounted = {line.split("|")[1].split()[0] for line in slurm.lines(
        "sacct", "-a", "-X", "-D", "-n", "-P", "-o", "JobID,State", "-S", "now-1hour", "-E", "now")}
    assert accounted >= {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED",
                         "REQUEUED", "OUT_OF_MEMORY", "RUNNING", "PENDING", "SUSPENDED"}
    states = {kind: slurm.nodes()[node]["State"].split("+") for kind, node in made.nodes.items()}
    expected = {"allocated": {"ALLOCATED"}, "mixed": {"MIXED"}, "idle": {"IDLE"}, "drained": {"IDLE", "DRAIN"},
                "draining": {"MIXED", "DRAIN"}, "maintenance": {"MAINTENANCE"}, "failing": {"FAIL"},
                "down": {"DOWN"}, "completing": {"COMPLETING"}, "powering_up": {"POWERING_UP"},
                "powered_down": {"POWERED_DOWN"}}
    assert {kind: flags <= set(states[kind]) for kind, flags in expected.items()} == dict.fromkeys(expected, True)


def test_queues_and_histories_are_as_long_as_asked():
    with Stack(parts=("slurm",), shape=sized_shape(nodes=300, partitions=10)) as stack:
        slurm = stack.slurm
        assert len(slurm.nodes()) == 300
        assert len(slurm.lines("scontrol", "-a", "-o", "show", "partition")) == 10
        workload.finished_jobs(slurm, 5000, over_seconds=3600)
        workload.split_array_jobs(slurm, 3000)
        workload.running_jobs(slurm, 20)
        states = list(slurm.job_states().values())
        assert states.count("RUNNING") == 20
        rows = slurm.lines("squeue", "-h", "-a", "-r", "-t", "PENDING")
        assert len(rows) == 3000
        ended = slurm.lines("sacct", "-a", "-X", "-n", "-P", "-o", "State,Partition", "-S", "now-2hours",
                            "-E", "now", "-s", "CD,F,CA,TO")
        assert len(ended) == 5001       # and the one they were copied from
        assert {line.split("|")[1] for line in ended} == set(slurm.partitions())
        assert {line.split("|")[0].split()[0] for line in ended} == {
            "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT"}


def test_two_stacks_live_side_by_side():
    with Stack(parts=("slurm",)) as one, Stack(parts=("slurm",)) as other:
        job = workload.submit(one.slurm)
        one.slurm.wait_for_job(job, "RUNNING")
        assert one.slurm.job_states() == {job: "RUNNING"}
        assert other.slurm.job_states() == {}


# A stack in another process, which prints where it is and then hangs.
_HANGING = """
import sys, time
sys.path.insert(0, sys.argv[1])
from stack import Stack, workload
with Stack() as stack:
    job = workload.submit(stack.slurm, wrap="setsid sleep 100000 & sleep 100000")
    stack.slurm.wait_for_job(job, "RUNNING")
    print(stack.folder, flush=True)
    time.sleep(100000)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_behind_when_the_owner_is_killed(number):
    # Whoever runs these tests in the background has SIGINT ignored, which would be inherited.
    owner = subprocess.Popen([sys.executable, "-c", _HANGING, _TESTS], stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.DEVNULL,
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    folder = owner.stdout.readline().strip()
    assert len(processes_of(folder)) > 10
    owner.send_signal(number)
    owner.wait(timeout=30)
    wait_until(lambda: not os.path.exists(folder), "the folder is gone", timeout=30)
    assert processes_of(folder) == []


def test_nothing_is_left_behind_at_an_ordinary_end():
    with Stack(shape=default_shape()) as stack:
        folder = stack.folder
        workload.submit(stack.slurm)
    assert processes_of(folder) == []
    assert not os.path.exists(folder)
