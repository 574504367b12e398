# SPDX-License-Identifier: Apache-2.0
"""What breaks, and what of it may be seen: no values for what is broken, the rest as ever, one line
in the log when it breaks and one when it works again."""

import concurrent.futures
import contextlib
import os
import re
import signal
import subprocess
import time

import pytest

from daemon import request
from documented import METRICS, is_by_partition
from fakes import COMMAND_FAULTS, Commands, MuteResolver, Receiver, processes_of
from stack import wait_until, workload
from stack.receivers import fetch, labels

HISTORY = {name for name in METRICS if "_jobs_total_" in name}
JOBS = {name for name in METRICS if "_jobs" in name} - HISTORY
NODES = {name for name in METRICS if "_nodes" in name}
# What is told by partition takes both: what is counted, and what partitions there are.
BELONG_TO = {"jobs": JOBS, "nodes": NODES, "partitions": set(filter(is_by_partition, JOBS | NODES)),
             "history": HISTORY}
SOURCES = ("jobs", "nodes", "partitions")
LAST_COLLECT = "slurm_exporter_last_collect_timestamp_seconds"
ERRORS = "slurm_exporter_errors_total"
TICKS = "slurm_exporter_ticks_total"


def of(families, metrics):
    """What there is of these metrics."""
    return {name: families[name] for name in metrics if name in families}


# Commands


@pytest.fixture(scope="module")
def commands(shared_stack):
    return Commands(os.path.join(shared_stack.folder, "commands"))


@pytest.fixture(scope="module")
def daemons(shared_stack, every_state, new_shared_daemon):
    """{source: (a daemon, the stand-ins it runs)}: one for each source to break, so that all can be
    broken at the same time."""
    made = {}
    for source in BELONG_TO:
        commands = Commands(os.path.join(shared_stack.folder, "commands-" + source))
        made[source] = (new_shared_daemon({
            "slurm": {"path": commands.path, "max_output": "1MB"},
            "global": {"scrape_timeout": "1500ms"}, "history": {"timeout": "1500ms"}}), commands)
        made[source][0].start()
    for daemon, _ in made.values():
        daemon.ready()
        daemon.wait_passes(1)
    return made


def for_all(check, daemons, sources):
    """check(daemon, commands, source) of all of them, side by side."""
    with concurrent.futures.ThreadPoolExecutor(len(sources)) as pool:
        list(pool.map(lambda source: check(*daemons[source], source), sources))


def check_failure_and_recovery(daemon, commands, source, break_it, words):
    """Of a source of the tick."""
    before, mark = daemon.exposed(), daemon.mark()
    lost = BELONG_TO[source]
    kept = (JOBS | NODES | HISTORY) - lost
    assert all(any(before[name].values()) for name in lost)
    broken_at = time.time()
    break_it()

    daemon.wait_up(source, 0)
    first = daemon.exposed()
    daemon.wait_ticks(2)
    shown = daemon.exposed()
    for families in (first, shown):
        assert not of(families, lost), "there are values"
        assert of(families, kept) == of(before, kept), "other sources are affected"
    assert shown[ERRORS][()] > first[ERRORS][()] > before[ERRORS][()]
    assert shown[LAST_COLLECT] == first[LAST_COLLECT]

    ticks = shown[TICKS][()]
    wait_until(lambda: daemon.at_pushgateway().get(TICKS, {}).get((), 0) >= ticks, "it is pushed")
    pushed = daemon.at_pushgateway()
    assert not of(pushed, lost) and of(pushed, kept) == of(before, kept)

    commands.restore()
    daemon.wait_up(source, 1)
    after = daemon.exposed()
    assert of(after, lost) == of(before, lost)
    assert after[LAST_COLLECT][()] > shown[LAST_COLLECT][()]
    check_written(daemon, source, broken_at, after[TICKS][()])
    said = [line for line in daemon.lines()[mark:] if line.get("source") == source]
    assert [line["level"] for line in said] == ["warn", "info"], said
    assert words in said[0]["err"], said
    wait_until(lambda: not processes_of(commands.path), "nothing of the command is left behind")


def check_written(daemon, source, since, last_tick):
    """Prometheus has samples of the ticks in which the source was up, of no others, and never a zero."""
    name = {"jobs": "slurm_jobs", "nodes": "slurm_nodes", "partitions": "slurm_partition_nodes"}[source]
    matching = {"partition": "hpc"} if source == "partitions" else {}
    wait_until(lambda: daemon.samples(TICKS)[-1][1] >= last_tick, "it is written")
    up = {at: value for at, value in daemon.samples("slurm_exporter_source_up", source=source) if at > since}
    last = max(up)
    samples = {at: value for at, value in daemon.samples(name, **matching) if since < at <= last}
    assert set(up.values()) == {0, 1}
    assert set(samples) == {at for at, value in up.items() if value == 1}
    assert all(samples.values())


def check_history_failure_and_recovery(daemon, commands, source, break_it, words):
    """The totals stay as they were, and that they are not new is told."""
    before, mark = daemon.exposed(), daemon.mark()
    success = "slurm_exporter_source_last_success_timestamp_seconds"
    failures = "slurm_exporter_source_failures_total"
    key = labels(source=source)
    break_it()
    daemon.wait_up(source, 0)
    first = daemon.exposed()
    wait_until(lambda: daemon.exposed()[failures][key] >= first[failures][key] + 2, "it fails again and again",
               process=daemon.process)
    shown = daemon.exposed()
    for families in (first, shown):
        assert of(families, METRICS) == of(before, METRICS)
    assert shown[ERRORS][()] > first[ERRORS][()] > before[ERRORS][()]
    assert shown[success][key] == first[success][key]
    assert shown[LAST_COLLECT][()] > first[LAST_COLLECT][()]
    commands.restore()
    daemon.wait_up(source, 1)
    daemon.wait_passes(1)
    after = daemon.exposed()
    assert of(after, METRICS) == of(before, METRICS)
    assert after[success][key] > shown[success][key]
    said = daemon.logged(mark, msg=re.compile("^history"))
    assert [line["level"] for line in said] == ["warn", "info"], said
    assert words in said[0]["err"], said
    wait_until(lambda: not processes_of(commands.path), "nothing of the command is left behind")


def check(daemon, commands, source, break_it, words):
    of_its_kind = check_history_failure_and_recovery if source == "history" else check_failure_and_recovery
    try:
        of_its_kind(daemon, commands, source, break_it, words)
    finally:
        commands.restore()


@pytest.mark.parametrize("fault", COMMAND_FAULTS)
def test_a_source_has_no_values_and_totals_stay_while_a_command(daemons, fault):
    for_all(lambda daemon, commands, source: check(
        daemon, commands, source, lambda: commands.break_(source, fault), COMMAND_FAULTS[fault][1]),
        daemons, list(BELONG_TO))


def test_a_source_has_no_values_and_totals_stay_while_a_command_is_missing(daemons):
    # Without scontrol there are neither nodes nor partitions: each of the others has a command of its own.
    for_all(lambda daemon, commands, source: check(
        daemon, commands, source, lambda: commands.remove(source), "not found"), daemons, ["jobs", "history"])


def test_there_are_no_totals_before_the_first_count_is_done(every_state, commands, new_daemon):
    commands.break_("history", "fails_after_printing_all")
    try:
        daemon = new_daemon({"slurm": {"path": commands.path}}).started()
        daemon.wait_ticks(2)
        shown = daemon.exposed()
        assert not of(shown, HISTORY) and of(shown, JOBS)
    finally:
        commands.restore()
    daemon.wait_passes(1)
    assert set(of(daemon.exposed(), HISTORY)) == HISTORY


# Slurm's daemons


@pytest.fixture
def working(daemons):
    """One of them, everything being well."""
    daemon, _ = daemons["history"]
    wait_until(lambda: all(daemon.value("slurm_exporter_source_up", source=name) for name in BELONG_TO),
               "every source is up", process=daemon.process)
    return daemon


def test_slurmctld_is_stopped_and_comes_back(shared_stack, working):
    before, mark = working.exposed(), working.mark()
    shared_stack.slurm.stop_slurmctld()
    try:
        for source in SOURCES:
            working.wait_up(source, 0)
        working.wait_ticks(2)
        shown = working.exposed()
        assert not of(shown, JOBS | NODES)
        assert of(shown, HISTORY) == of(before, HISTORY), "sacct does not need slurmctld"
    finally:
        shared_stack.slurm.start_slurmctld()
    for source in SOURCES:
        working.wait_up(source, 1)
    shared_stack.slurm.wait_for_nodes(["r1", "r2", "r3"])
    assert set(of(working.exposed(), JOBS | NODES)) == JOBS | NODES
    for source in SOURCES:
        levels = [line["level"] for line in working.logged(mark, source=source)]
        assert levels == ["warn", "info"], source


def test_nothing_is_sent_before_the_name_of_the_cluster_is_known(commands, new_daemon):
    commands.break_("config", "fails_after_printing_all")
    try:
        with Receiver((200, {})) as receiver:
            daemon = new_daemon({"slurm": {"path": commands.path}, "pushgateway": None,
                                 "global": {"external_labels": None},
                                 "remote_write": [{"url": receiver.url + "/write"}]}).started()
            daemon.wait_ticks(3)
            assert not receiver.seen
            assert len(daemon.logged(msg=re.compile("does not tell its ClusterName"))) == 1
            commands.restore()
            wait_until(lambda: receiver.seen, "it is sent")
            assert daemon.logged(msg="cluster", name="tst")
            daemon.end()
            # The name is kept for the next time.
            commands.break_("config", "hangs")
            daemon.write({"global": {"scrape_timeout": "1s"}})
            receiver.seen.clear()
            daemon.start()
            wait_until(lambda: receiver.seen, "it is sent under the name that it had before")
            assert daemon.logged(cluster="tst")
    finally:
        commands.restore()


def test_slurmdbd_is_stopped_and_comes_back(shared_stack, working):
    slurm = shared_stack.slurm

    before, mark = working.exposed(), working.mark()
    slurm.stop_slurmdbd()
    try:
        slurm.wait_for_job(workload.submit(slurm, "-w", "r2", wrap="true"), "COMPLETED")
        working.wait_up("history", 0)
        working.wait_ticks(3)
        shown = working.exposed()
        assert of(shown, HISTORY) == of(before, HISTORY), "totals have changed"
        assert set(of(shown, JOBS | NODES)) == JOBS | NODES, "squeue and scontrol do not need slurmdbd"
    finally:
        slurm.start_slurmdbd()
    working.wait_up("history", 1)
    for name in ("slurm_jobs_total_completed", "slurm_jobs_total_submitted"):
        wait_until(lambda: working.value(name) == before[name][()] + 1, "the job of meanwhile is counted in " + name)
    levels = [line["level"] for line in working.logged(mark, msg=re.compile("^history"))]
    assert levels == ["warn", "info"]


# Receivers


def state_of(daemon, destination):
    return {name[len("slurm_exporter_"):]: series[labels(destination=destination)]
            for name, series in daemon.exposed().items() if labels(destination=destination) in series}


def has_all_ticks(daemon, first, last):
    """Whether Prometheus has a sample of each tick from the first to the last; in order, when it has."""
    samples = daemon.samples(TICKS)
    numbers = [value for _, value in samples]
    if not set(range(int(first), int(last) + 1)) <= set(numbers):
        return False
    assert numbers == sorted(numbers) and len(numbers) == len(set(numbers))
    return True


def check_original_times(daemon):
    """Of a daemon whose ticks were all good."""
    samples = daemon.samples(LAST_COLLECT)
    assert [at for at, _ in samples] == pytest.approx([value for _, value in samples], abs=0.0006)


def test_prometheus_is_stopped_and_comes_back_and_has_every_sample_with_its_time(shared_stack, new_daemon):
    daemon = new_daemon().started()
    daemon.wait_ticks(2)
    first, mark = daemon.ticks(), daemon.mark()
    shared_stack.prometheus.stop()
    try:
        wait_until(lambda: state_of(daemon, "prometheus")["destination_up"] == 0, "it is noticed")
        daemon.wait_ticks(4)
        state, last = state_of(daemon, "prometheus"), daemon.ticks()
        assert state["samples_pending"] > 0
        wait_until(lambda: daemon.at_pushgateway()[TICKS][()] >= last, "the Pushgateway is not affected")
    finally:
        shared_stack.prometheus.start()
        shared_stack.prometheus.ready()
    wait_until(lambda: has_all_ticks(daemon, first, last), "Prometheus has the ticks %g to %g" % (first, last))
    check_original_times(daemon)
    wait_until(lambda: state_of(daemon, "prometheus")["destination_up"] == 1, "it is told")
    assert state_of(daemon, "prometheus")["samples_failed_total"] == 0
    levels = [line["level"] for line in daemon.logged(mark, destination="prometheus")]
    assert levels == ["warn", "info"]


# What a receiver does for a while.
MISBEHAVIOUR = {
    "answers_503": (503, {}), "answers_500": (500, {}), "answers_429": (429, {"Retry-After": "1"}),
    "closes_without_an_answer": "close", "never_answers": "silent", "never_reads": "deaf"}


def remote_write_misbehaves(stack, new_daemon, mode):
    with Receiver(target=stack.prometheus.url) as receiver:
        daemon = new_daemon({"history": {"enabled": False}, "remote_write": [
            {"name": "prometheus", "url": receiver.url + "/api/v1/write", "remote_timeout": "1s",
             "queue_config": {"max_backoff": "1s"}}]}).started()
        daemon.wait_ticks(2)
        first, mark = daemon.ticks(), daemon.mark()
        receiver.mode = mode
        wait_until(lambda: state_of(daemon, "prometheus")["destination_up"] == 0, "it is noticed")
        daemon.wait_ticks(3)
        last = daemon.ticks()
        assert state_of(daemon, "prometheus")["samples_pending"] > 0
        assert daemon.at_pushgateway()[TICKS][()] >= last - 1, "the Pushgateway is affected"
        receiver.mode = "forward"
        wait_until(lambda: has_all_ticks(daemon, first, last), "Prometheus has the ticks %g to %g" % (first, last))
        check_original_times(daemon)
        assert state_of(daemon, "prometheus")["samples_failed_total"] == 0
        levels = [line["level"] for line in daemon.logged(mark, destination="prometheus")]
        assert levels == ["warn", "info"]
        daemon.end()


def pushgateway_misbehaves(stack, new_daemon, mode):
    with Receiver(mode, stack.pushgateway.url) as gateway:
        daemon = new_daemon({"history": {"enabled": False}, "pushgateway": [
            {"name": "pushgateway", "url": gateway.url, "timeout": "1s"}]}).started()
        wait_until(lambda: state_of(daemon, "pushgateway")["destination_up"] == 0, "it is noticed")
        daemon.wait_ticks(3)
        assert not daemon.at_pushgateway()
        ticks = daemon.ticks()
        wait_until(lambda: has_all_ticks(daemon, 1, ticks), "Prometheus is not affected")
        gateway.mode = "forward"
        pushed = wait_until(lambda: daemon.at_pushgateway().get(TICKS), "it is pushed")
        assert pushed[()] >= ticks
        levels = [line["level"] for line in daemon.logged(destination="pushgateway")]
        assert levels == ["warn", "info"]
        daemon.end()


@pytest.fixture(scope="module")
def misbehaviour(shared_stack, new_shared_daemon):
    """(scenario, name): how that went, as a future; all of them happen at the same time."""
    with concurrent.futures.ThreadPoolExecutor(2 * len(MISBEHAVIOUR)) as pool:
        yield {(scenario, name): pool.submit(scenario, shared_stack, new_shared_daemon, mode)
               for scenario in (remote_write_misbehaves, pushgateway_misbehaves)
               for name, mode in MISBEHAVIOUR.items()}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_samples_wait_for_a_remote_write_receiver_that(misbehaviour, name):
    misbehaviour[remote_write_misbehaves, name].result()


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_the_newest_only_is_pushed_to_a_pushgateway_that_once(misbehaviour, name):
    misbehaviour[pushgateway_misbehaves, name].result()


def test_samples_that_a_remote_write_receiver_refuses_are_given_up_and_told(shared_stack, new_daemon):
    with Receiver(target=shared_stack.prometheus.url) as receiver:
        daemon = new_daemon({"remote_write": [
            {"name": "prometheus", "url": receiver.url + "/api/v1/write"}]}).started()
        mark = daemon.mark()
        receiver.mode = (400, {})
        wait_until(lambda: state_of(daemon, "prometheus")["samples_failed_total"] > 0, "it is told")
        daemon.wait_ticks(3)
        receiver.mode = "forward"
        last = daemon.ticks() + 2
        wait_until(lambda: daemon.samples(TICKS) and daemon.samples(TICKS)[-1][1] >= last, "it goes on")
        levels = [line["level"] for line in daemon.logged(mark, destination="prometheus")]
        assert levels == ["warn", "info"]
        daemon.end()


def test_a_pushgateway_that_answers_400_is_told_of_once_and_gets_the_newest_later(shared_stack, new_daemon):
    # Another group has a metric of this name with another type: it refuses ours until that is gone.
    poison = shared_stack.pushgateway.url + "/metrics/job/poison"
    request("PUT", poison, "# TYPE poisoned counter\npoisoned 1\n")
    try:
        daemon = new_daemon({"metrics": [
            {"name": "poisoned", "help": "Not a counter.", "command": ["true"], "parse": "count_lines"}]}).started()
        wait_until(lambda: state_of(daemon, "pushgateway")["destination_up"] == 0, "it refuses")
        daemon.wait_ticks(3)
        assert "slurm_jobs" not in daemon.at_pushgateway()
        assert state_of(daemon, "pushgateway")["destination_up"] == 0
        ticks = daemon.ticks()
        wait_until(lambda: has_all_ticks(daemon, 1, ticks), "Prometheus is not affected")
    finally:
        request("DELETE", poison)
    wait_until(lambda: daemon.at_pushgateway().get(TICKS, {}).get((), 0) > ticks, "it has the newest")
    said = daemon.logged(destination="pushgateway")
    assert [line["level"] for line in said] == ["warn", "info"], said
    # Pushgateway 1.11.0 means to answer 400, and hangs up on the way.
    assert "400" in said[0]["err"] or "Empty reply" in said[0]["err"], said


def test_a_silent_and_a_dead_destination_delay_neither_the_others_nor_the_collection(shared_stack, new_daemon):
    with Receiver("deaf") as deaf, Receiver("silent") as silent:
        dead = Receiver()       # nobody listens
        daemon = new_daemon({
            "remote_write": [{"name": "deaf", "url": deaf.url + "/write"}, {"name": "dead", "url": dead.url},
                             {"name": "prometheus", "url": shared_stack.prometheus.write_url}],
            "pushgateway": [{"name": "silent", "url": silent.url}, {"name": "dead2", "url": dead.url},
                            {"name": "pushgateway", "url": shared_stack.pushgateway.url}]}).started()
        began, first = time.monotonic(), daemon.ticks()
        daemon.wait_ticks(6)
        took, last = time.monotonic() - began, daemon.ticks()
        assert took < 8 and daemon.value("slurm_exporter_late_ticks_total") == 0
        assert deaf.seen and silent.seen
        wait_until(lambda: has_all_ticks(daemon, 1, last), "Prometheus has them all", timeout=2)
        wait_until(lambda: daemon.at_pushgateway()[TICKS][()] >= last, "the Pushgateway has the newest", timeout=2)
        times = [at for at, _ in daemon.samples(TICKS)]
        assert max(b - a for a, b in zip(times, times[1:])) < 1.5
        daemon.kill()


# Everything at once


@pytest.fixture
def slow_disk(shared_stack, binary):
    """(environment for a daemon, the file that makes its disk stop)"""
    folder = os.path.join(shared_stack.folder, "slow-disk")
    os.makedirs(folder, exist_ok=True)
    library, stuck = os.path.join(folder, "slow_disk.so"), os.path.join(folder, "stuck")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "slow_disk.c")
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    # A sanitizer wants to be the first library.
    linked = subprocess.run(["ldd", binary], text=True, capture_output=True, check=True).stdout
    first = re.findall(r"=> (\S*/lib[at]san\S*)", linked)
    open(stuck, "w").close()
    yield {"LD_PRELOAD": ":".join(first + [library]), "STUCK": stuck}
    with contextlib.suppress(FileNotFoundError):
        os.unlink(stuck)


def test_it_is_healthy_within_a_second_though_nothing_else_answers(
        shared_stack, commands, new_daemon, slow_disk):
    commands.restore()
    environment = ["%s=%s" % pair for pair in slow_disk.items()]
    with MuteResolver(shared_stack.folder) as resolver, Receiver("deaf") as deaf, Receiver("silent") as silent:
        daemon = new_daemon({
            "slurm": {"path": commands.path}, "global": {"scrape_timeout": "2s"}, "history": {"timeout": "2s"},
            "remote_write": [{"name": "mute", "url": "http://receiver.example:9090/write"},
                             {"name": "deaf", "url": deaf.url + "/write"}],
            "pushgateway": [{"name": "silent", "url": silent.url},
                            {"name": "mute2", "url": "http://gateway.example:9091"}]},
            user="root", prefix=resolver.prefix() + ["env"] + environment)
        # What a thread that never comes back was handed is not freed.
        daemon.env["ASAN_OPTIONS"] = "detect_leaks=0"
        daemon.started()
        wait_until(lambda: os.path.exists(slow_disk["STUCK"] + ".seen"), "the disk is stuck")
        for kind in commands.KINDS:
            commands.break_(kind, "is_stopped")
        for source in SOURCES:
            daemon.wait_up(source, 0)
        wait_until(lambda: processes_of(commands.path, "T"), "commands are stopped")
        assert resolver.was_asked() and deaf.seen and silent.seen
        slowest = 0
        end = time.monotonic() + 4
        while time.monotonic() < end:
            healthy, took = daemon.is_healthy()
            assert healthy, "no answer for %.1f s" % took
            slowest = max(slowest, took)
            for page in ("/", "/metrics", "/-/ready"):
                assert fetch(daemon.url + page, timeout=1)[0] == 200
            time.sleep(0.05)
        # Nor can it be kept from ending.
        began = time.monotonic()
        daemon.process.send(signal.SIGTERM)
        assert daemon.process.wait(20) == 0
        assert time.monotonic() - began < 16
        unsent = daemon.logged(msg="stopped before the destination had taken everything")
        assert {"mute", "deaf"} <= {line["destination"] for line in unsent}
        assert all(int(line["samples"]) > 0 for line in unsent if line["destination"] in ("mute", "deaf"))
    commands.restore()
    wait_until(lambda: not processes_of(commands.path), "nothing of the commands is left behind")
