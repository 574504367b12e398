# SPDX-License-Identifier: Apache-2.0
"""The service as the install target puts it in place, on a machine booted with systemd, beside munge,
MariaDB, Slurm, Prometheus and a Pushgateway as their packages run them."""

import os
import pathlib
import subprocess
import time

import pytest
import yaml

from booted import Cluster, Machine
from daemon import merged, parse_logfmt
from documented import METRICS, by_hand
from stack import wait_until
from stack.receivers import Prometheus, Pushgateway, fetch, labels, parse_exposition

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "build" / "release"
UNIT = "/usr/lib/systemd/system/slurm-pusher.service"
CONFIG = "/etc/slurm-pusher/slurm-pusher.yaml"
OPTIONS = "/etc/default/slurm-pusher"
DROP_IN = "/etc/systemd/system/slurm-pusher.service.d/test.conf"

SETTINGS = {
    "global": {"scrape_interval": "1s", "scrape_timeout": "3s"},
    "remote_write": [{"name": "prometheus", "url": "http://127.0.0.1:9090/api/v1/write",
                      "queue_config": {"max_backoff": "1s"}}],
    "pushgateway": [{"name": "pushgateway", "url": "http://127.0.0.1:9091"}],
    "history": {"interval": "1s"},
}


@pytest.fixture(scope="module")
def machine():
    for step in (["--preset", "release"], ["--build", str(BUILD), "--target", "slurm-pusher"]):
        built = subprocess.run(["cmake", *step], cwd=REPOSITORY, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if built.returncode != 0:
            pytest.fail("the release build failed\n" + built.stdout[-4000:], pytrace=False)
    with Machine(binds=[REPOSITORY]) as booted:
        install(booted)
        yield booted
    # Under sudo, leave nothing that the owner of the tree cannot remove.
    subprocess.run(["chown", "-R", "--reference=.", "build"], cwd=REPOSITORY, check=True)


def install(machine):
    machine.run("cmake", "--install", BUILD, "--prefix", "/usr")
    machine.systemctl("daemon-reload")


@pytest.fixture(scope="module")
def cluster(machine):
    """With jobs that run, wait, are held, and ended in several ways."""
    made = Cluster(machine)
    made.finish(made.submit("true"), made.submit("exit 3"), made.submit("true", "--partition=rest"))
    made.run("scancel", made.submit("sleep 100000", "--hold"))
    for words in ((), ("--partition=rest",), ("-n4",), ("-n4", "--array=1-3"), ("--hold",)):
        made.submit("sleep 100000", *words)
    wait_until(lambda: "RUNNING" in made.run("squeue", "-h", "-o", "%T").stdout, "a job runs", 30)
    return made


class Service:
    """slurm-pusher.service."""

    port = 9500

    def __init__(self, machine):
        self.machine = machine

    def restore(self):
        """As installed, with the tests' settings, and running."""
        self.machine.run("rm", "-f", DROP_IN)
        self.machine.run("cp", "/usr/share/slurm-pusher/slurm-pusher.default", OPTIONS)
        self.configure()
        self.machine.systemctl("daemon-reload")
        self.machine.systemctl("reset-failed", "slurm-pusher", check=False)
        self.machine.systemctl("restart", "slurm-pusher")
        self.wait_ready()

    def configure(self, changes=None):
        self.machine.write(CONFIG, yaml.safe_dump(merged(SETTINGS, changes or {})))

    def drop_in(self, *lines):
        self.machine.write(DROP_IN, "\n".join(("[Service]",) + lines) + "\n")
        self.machine.systemctl("daemon-reload")

    def start(self):
        """The exit status of `systemctl start`."""
        return self.machine.systemctl("start", "slurm-pusher", check=False).returncode

    def wait_ready(self):
        """Until it has collected."""
        wait_until(lambda: self.get("/-/ready")[0] == 200, "it has collected", 20)

    def stop(self):
        self.machine.systemctl("stop", "slurm-pusher")

    def state(self):
        return self.machine.properties("slurm-pusher")

    def pid(self):
        return int(self.state()["MainPID"])

    def get(self, path):
        """(status, text) of one of its pages; (0, "") when nobody answers."""
        try:
            return self.machine.inside(fetch, "http://127.0.0.1:%d%s" % (self.port, path))
        except OSError:
            return 0, ""

    def exposed(self):
        return parse_exposition(self.get("/metrics")[1])

    def value(self, name, **names):
        return self.exposed().get(name, {}).get(labels(**names))

    def wait_value(self, expected, name, timeout=20, **names):
        wait_until(lambda: self.value(name, **names) == expected,
                   "%s of %s is %s" % (name, names, expected), timeout, every=0.1)

    def wait_news(self):
        """Until a tick and a pass of the history that began after now are over."""
        for name in ("slurm_exporter_ticks_total", "slurm_exporter_history_passes_total"):
            target = (self.value(name) or 0) + 2
            wait_until(lambda: (self.value(name) or 0) >= target, "more of " + name, 20, every=0.1)

    def said(self):
        """[(priority, line)] of all it has said since the boot."""
        return [(int(entry["PRIORITY"]), entry["MESSAGE"]) for entry in self.machine.journal("slurm-pusher")
                if entry.get("SYSLOG_IDENTIFIER") == "slurm-pusher"]

    def wait_said(self, already, **fields):
        """Until it has said something with these fields, after the lines that it had said already."""
        def found():
            return any(fields.items() <= parse_logfmt(line).items() for _, line in self.said()[already:])
        wait_until(found, "it says %s" % fields, 10, every=0.2)


@pytest.fixture
def service(machine, cluster):
    made = Service(machine)
    made.restore()
    return made


class Receivers:
    """What Prometheus and the Pushgateway of the machine have, as {name: {labels: value}}."""

    def __init__(self, machine):
        self.machine, self._prometheus, self._pushgateway = machine, Prometheus(None, ""), Pushgateway(None, "")
        self._prometheus.port, self._pushgateway.port = 9090, 9091

    def prometheus(self):
        found = {}
        for one in self.machine.inside(self._prometheus.query, '{job="slurm",cluster="tst"}'):
            names = {name: value for name, value in one["metric"].items() if name not in ("job", "cluster")}
            found.setdefault(names.pop("__name__"), {})[labels(**names)] = float(one["value"][1])
        return found

    def pushgateway(self):
        return self.machine.inside(self._pushgateway.exposed, ("job", "cluster"))

    def groups(self):
        return self.machine.inside(self._pushgateway.groups)


@pytest.fixture(scope="module")
def receivers(machine):
    return Receivers(machine)


# the unit itself


def test_systemd_finds_no_fault_in_the_unit(machine):
    done = machine.run("systemd-analyze", "verify", "--man=no", UNIT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_its_exposure_is_2_or_less(machine):
    done = machine.run("systemd-analyze", "security", "--threshold=20", "slurm-pusher.service", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_installing_it_again_keeps_what_the_administrator_wrote(machine):
    for path in (CONFIG, OPTIONS):
        machine.write(path, "# mine\n")
    install(machine)
    assert [machine.run("cat", path).stdout for path in (CONFIG, OPTIONS)] == ["# mine\n"] * 2


# the main job


def test_tells_systemd_that_it_runs(service):
    state = service.state()
    assert (state["ActiveState"], state["SubState"], state["Type"]) == ("active", "running", "notify")
    assert state["StatusText"] == "3 sources, 2 destinations"


def test_runs_as_slurm_with_all_its_hardening_on(service):
    pid = service.pid()
    status = dict(line.split(":\t", 1) for line in service.machine.run("cat", "/proc/%d/status" % pid)
                  .stdout.splitlines() if ":\t" in line)
    slurm = service.machine.run("id", "-u", "slurm").stdout.strip()
    assert set(status["Uid"].split()) == {slurm}
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[capabilities], 16) == 0, capabilities
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")

    def works(*command):
        """Whether that works for root among the files that the service sees."""
        return service.machine.run("nsenter", "-t", pid, "-m", "-r", *command, check=False).returncode == 0
    assert works("touch", "/var/lib/slurm-pusher/.probe") and works("rm", "/var/lib/slurm-pusher/.probe")
    for path in ("/usr/.probe", "/etc/.probe", "/var/.probe", "/var/lib/slurm/.probe", "/dev/.probe"):
        assert not works("touch", path), path
    assert works("test", "-c", "/dev/null") and not works("test", "-e", "/dev/fuse")
    service.machine.run("touch", "/tmp/outside", "/root/outside")
    assert not works("test", "-e", "/tmp/outside") and not works("test", "-e", "/root/outside")


def test_prometheus_and_the_pushgateway_have_what_the_commands_print(service, cluster, receivers):
    since = service.value("slurm_exporter_history_reset_timestamp_seconds") or 0
    expected = by_hand(cluster, since)
    began = service.value("slurm_exporter_ticks_total")
    service.wait_news()
    for name, place in (("Prometheus", receivers.prometheus), ("Pushgateway", receivers.pushgateway)):
        wait_until(lambda: place().get("slurm_exporter_ticks_total", {}).get((), 0) >= began + 2, name + " has it")
        found = place()
        assert {metric: found.get(metric) for metric in METRICS} == expected, name
    assert by_hand(cluster, since) == expected, "the cluster has changed meanwhile"
    for metric in ("jobs_running", "jobs_pending", "nodes_mixed", "nodes_down", "jobs_total_completed",
                   "jobs_total_failed", "jobs_total_cancelled"):
        assert expected["slurm_" + metric][()] > 0, "nothing shown: slurm_%s is 0" % metric


# what happens around it

AROUND = {
    "munge": ("slurm_exporter_source_up", {"source": "jobs"}),
    "slurmctld": ("slurm_exporter_source_up", {"source": "jobs"}),
    "slurmdbd": ("slurm_exporter_source_up", {"source": "history"}),
    "mariadb": ("slurm_exporter_source_up", {"source": "history"}),
    "slurmd": (None, {}),
    "prometheus": ("slurm_exporter_destination_up", {"destination": "prometheus"}),
    "prometheus-pushgateway": ("slurm_exporter_destination_up", {"destination": "pushgateway"}),
}


@pytest.mark.parametrize("around", AROUND)
def test_outlives_a_restart_and_tells_an_outage_of(around, service, cluster, receivers):
    metric, names = AROUND[around]
    pid, said = service.pid(), len(service.said())
    service.machine.systemctl("restart", around)
    if metric:
        service.wait_value(1, metric, **names)
        service.machine.systemctl("stop", around)
        service.wait_value(0, metric, **names)
        service.machine.systemctl("start", around)
        service.wait_value(1, metric, **names)
    everything_is_up(service)
    assert (service.pid(), service.state()["NRestarts"]) == (pid, "0")
    if metric:
        assert {priority for priority, _ in service.said()[said:]} == {4, 6}, "a warning, and its end"
    jobs = len(cluster.run("squeue", "-h", "-a").stdout.splitlines())
    began = service.value("slurm_exporter_ticks_total")
    for place in (receivers.prometheus, receivers.pushgateway):
        wait_until(lambda: place().get("slurm_exporter_ticks_total", {}).get((), 0) > began, "it arrives")
        assert place()["slurm_jobs"][()] == jobs > 0


def everything_is_up(service):
    def all_up():
        found = service.exposed()
        return all(value == 1 for name in ("slurm_exporter_source_up", "slurm_exporter_destination_up")
                   for value in found[name].values())
    wait_until(all_up, "all sources and destinations are up", 20, every=0.1)


def test_comes_up_though_slurmctld_hangs(service):
    service.drop_in("TimeoutStartSec=1s")
    service.stop()
    service.machine.systemctl("kill", "--signal=STOP", "slurmctld")
    try:
        assert service.start() == 0
        service.wait_value(0, "slurm_exporter_source_up", source="jobs")
        assert service.state()["NRestarts"] == "0"
    finally:
        service.machine.systemctl("kill", "--signal=CONT", "slurmctld")
    everything_is_up(service)


# reload and restart


def test_reload_takes_a_changed_configuration(service, receivers):
    pid, said = service.pid(), len(service.said())
    service.configure({"pushgateway": None, "global": {"scrape_interval": "2s"}})
    service.machine.systemctl("reload", "slurm-pusher")
    service.wait_said(said, msg="configuration reloaded")
    service.wait_value(2, "slurm_exporter_interval_seconds")
    assert (service.pid(), service.state()["ActiveState"]) == (pid, "active")
    assert labels(destination="pushgateway") not in service.exposed()["slurm_exporter_destination_up"]


def test_reload_refuses_a_broken_configuration_and_goes_on(service, receivers):
    pid, said = service.pid(), len(service.said())
    service.machine.write(CONFIG, "global: {scrape_intervall: 2s}\n")
    service.machine.systemctl("reload", "slurm-pusher")
    service.wait_value(0, "slurm_exporter_config_last_reload_successful")
    refused = [line for priority, line in service.said()[said:] if priority == 3]
    assert any("slurm-pusher.yaml:1:" in line and "scrape_interval" in line for line in refused), refused
    state = service.state()
    assert (state["MainPID"], state["ActiveState"]) == (str(pid), "active")
    assert state["StatusText"] == "reload failed; the configuration before stays in force"
    began = service.value("slurm_exporter_ticks_total")
    wait_until(lambda: receivers.prometheus()["slurm_exporter_ticks_total"][()] > began, "it goes on", 10)


def test_stop_deletes_the_group_and_a_start_knows_the_totals(service, cluster, receivers):
    everything_is_up(service)
    service.wait_news()
    before = history(service)
    assert before["slurm_jobs_total_submitted"][()] > 0
    assert {"job": "slurm", "cluster": "tst"} in receivers.groups()
    service.stop()
    assert receivers.groups() == []
    # They are known without accounting, so they were kept.
    service.machine.systemctl("stop", "slurmdbd")
    try:
        assert service.start() == 0
        service.wait_ready()
        assert history(service) == before
    finally:
        service.machine.systemctl("start", "slurmdbd")
    owners = service.machine.run("stat", "-c", "%U %a", "/var/lib/slurm-pusher").stdout.split()
    assert owners == ["slurm", "750"]


def history(service):
    return {name: values for name, values in service.exposed().items()
            if "_jobs_total_" in name or name == "slurm_exporter_history_reset_timestamp_seconds"}


# ends that nobody asked for


@pytest.mark.parametrize("path, text", [(CONFIG, "pushgateway: 7\n"), (OPTIONS, "OPTIONS=--intervall=7s\n")])
def test_is_not_started_again_when_the_configuration_is_wrong(service, path, text):
    service.stop()
    service.machine.write(path, text)
    assert service.start() != 0
    state = service.state()
    assert (state["ActiveState"], state["Result"]) == ("failed", "exit-code")
    assert (state["ExecMainStatus"], state["NRestarts"]) == ("2", "0")


def test_is_started_again_five_seconds_after_it_was_killed(service):
    pid = service.pid()
    service.machine.run("kill", "-KILL", pid)
    killed = time.monotonic()
    wait_until(lambda: service.pid() not in (0, pid), "it runs again", 20)
    assert 4.5 < time.monotonic() - killed < 10
    assert service.state()["NRestarts"] == "1"
    service.wait_ready()


def test_is_started_again_when_it_hangs(service):
    assert service.state()["WatchdogUSec"] == "2min"
    service.drop_in("WatchdogSec=3s", "RestartSec=1s")
    service.machine.systemctl("restart", "slurm-pusher")
    pid = service.pid()
    time.sleep(5)
    assert service.pid() == pid, "the watchdog barked at one that did not hang"
    service.machine.run("kill", "-STOP", pid)
    wait_until(lambda: service.pid() not in (0, pid), "another one runs", 20)
    service.wait_ready()
    assert any("Watchdog timeout" in entry["MESSAGE"] for entry in service.machine.journal("slurm-pusher"))


# what the administrator sees and sets


def test_a_start_with_no_options_warns_of_nothing(service):
    service.configure({"global": {"scrape_timeout": "1s"}})
    service.stop()
    began = len(service.machine.journal("slurm-pusher"))
    service.start()
    for entry in service.machine.journal("slurm-pusher")[began:]:
        assert int(entry["PRIORITY"]) > 4, entry["MESSAGE"]


def test_the_journal_knows_the_priority_of_each_line(service):
    service.machine.write(CONFIG, "log: {level: loud}\n")
    service.machine.systemctl("reload", "slurm-pusher")
    service.wait_value(0, "slurm_exporter_config_last_reload_successful")
    priorities = {"debug": 7, "info": 6, "warn": 4, "error": 3}
    said = [(priority, parse_logfmt(line)) for priority, line in service.said()]
    for priority, fields in said:
        assert priority == priorities[fields["level"]] and "ts" not in fields, fields
    assert {priority for priority, _ in said} >= {3, 6}


def _reset_days_ago(service):
    return round((time.time() - service.value("slurm_exporter_history_reset_timestamp_seconds")) / 86400)


def test_options_in_etc_default_act(service):
    service.machine.write(OPTIONS, "OPTIONS='--port=9600 --reset-time=\"7 days ago\"'\n")
    service.machine.systemctl("restart", "slurm-pusher")
    service.port = 9600
    service.wait_ready()
    assert _reset_days_ago(service) == 7


def test_options_in_a_drop_in_act(service):
    service.drop_in("Environment='OPTIONS=--port=9700 --reset-time=\"7 days ago\"'")
    service.machine.systemctl("restart", "slurm-pusher")
    service.port = 9700
    service.wait_ready()
    assert _reset_days_ago(service) == 7
