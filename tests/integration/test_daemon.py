# SPDX-License-Identifier: Apache-2.0
"""The program from outside: its configuration, its flags, how it begins, reloads, ends and begins again."""

import os
import re
import signal
import time

import pytest

from documented import METRICS
from fakes import Commands, Receiver
from stack import wait_until, workload
from stack.receivers import fetch, labels, parse_exposition
from test_faults import HISTORY, TICKS, has_all_ticks, of, state_of

RESET = "slurm_exporter_history_reset_timestamp_seconds"
RELOADED = "slurm_exporter_config_last_reload_successful"


def run(stack, binary, *arguments, env=None):
    """(exit status, standard output, standard error)"""
    done = stack.slurm.run(binary, *arguments, check=False, env=env)
    return done.returncode, done.stdout, done.stderr


# The configuration

# A line of the file, and what is said of it: where, and what to expect in it.
MISTAKES = """\
global:
  scrape_interval: 10ms                         # 2:3 out of range; write 1s to 1h
  scrape_timeout: soon                          # 3:3 is not a duration
  external_labels:
    0bad: x                                     # 5:5 is not a label name
    cluster: [a, b]                             # 6:5 single value
remote_write:
  - url: ftp://host/write                       # 8:5 scheme
    nmae: prometheus                            # 9:5 did you mean "name"?
  - url: http://host:9090/api/v1/write
    name: one
    basic_auth: {username: u, password: hunter2}  # 12:5 basic_auth: not supported yet
    queue_config: {max_samples_per_send: many}  # 13:20 is not a whole number
  - name: one                                   # 14:5 url is missing
pushgateway:
  - url: http://gateway:9091
    name: one                                   # 17:5 name of another destination
    compression: zip                            # 18:5 write gzip or none
    delete_on_stop: perhaps                     # 19:5 write true or false
slurm:
  path: bin                                     # 21:3 does not begin with /
  reset_time: some day                          # 22:3 cannot be understood
  max_output: 5 apples                          # 23:3 is not a size
history: fast                                   # 24:1 write lines of the form "key: value"
web:
  listen_address: here                          # 26:3 is not an address
storage: {path: ""}                             # 27:11 0 bytes
log: {level: loud}                              # 28:7 is not a level
colour: red                                     # 29:1 unknown key
metric_files: [/nonexistent/file.yaml]          # 30:1 there is no /nonexistent/file.yaml
tables:
  gpus:                                         # 32:3 columns are missing
    command: sinfo                              # 33:5 write a list
metrics:
  - name: 1abc                                  # 35:5 is not a metric name
    help: x
    command: ["true"]
    parse: count_lines
  - name: mine
    help: x
    from: nowhere                               # 39:5 no table "nowhere"
"""


@pytest.fixture
def wrong_file(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(MISTAKES)
    return str(path)


def expected_of(text):
    for line in text.splitlines():
        match = re.search(r"# (\d+:\d+) (.*)$", line)
        if match:
            yield match.groups()


def test_all_mistakes_of_a_configuration_are_told_at_once_with_their_places(shared_stack, binary, wrong_file):
    status, out, err = run(shared_stack, binary, "check", "config", wrong_file)
    assert (status, out) == (2, "")
    told = err.splitlines()
    missing = [(place, text) for place, text in expected_of(MISTAKES)
               if not any(line.startswith("%s:%s: " % (wrong_file, place)) and text in line for line in told)]
    assert not missing, err
    places = {place for place, _ in expected_of(MISTAKES)}
    others = [line for line in told[:-1] if line[len(wrong_file) + 1:].split(": ")[0] not in places]
    assert not others
    assert told[-1].startswith("FAILED: ")
    assert "hunter2" not in err


def test_a_wrong_configuration_is_logged_whole_and_ends_with_status_2(shared_stack, binary, wrong_file):
    status, out, err = run(shared_stack, binary, "--config.file=" + wrong_file)
    assert (status, out) == (2, "")
    logged = [line for line in err.splitlines() if "level=error" in line]
    for place, _ in expected_of(MISTAKES):
        assert any("%s:%s: " % (wrong_file, place) in line for line in logged), place


@pytest.mark.parametrize("text, place", [
    ("global: {\n", "2:1"), ("web: {enabled: true}\nweb: {enabled: true}\n", "2:1"), ("- a\n", "1:1"),
    ("global: *alias\n", "1:9"), ("global:\n\tscrape_interval: 5s\n", "2:1")])
def test_what_is_not_yaml_is_told_with_its_place(shared_stack, binary, tmp_path, text, place):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    status, _, err = run(shared_stack, binary, "check", "config", str(path))
    assert status == 2
    assert err.startswith("%s:%s: " % (path, place)), err


def test_a_good_configuration_is_told_to_be_good(shared_stack, binary, new_daemon):
    file = new_daemon().config_file
    assert run(shared_stack, binary, "check", "config", file) == (0, "SUCCESS: %s is valid\n" % file, "")


def test_a_file_that_is_not_there_is_told(shared_stack, binary):
    status, _, err = run(shared_stack, binary, "check", "config", "/nonexistent.yaml")
    assert status == 2 and "/nonexistent.yaml" in err and "No such file" in err


@pytest.mark.parametrize("flags, said", [
    (["--pushgatway.url=http://x"], "did you mean --pushgateway.url?"),
    (["--interval"], "write --interval=DURATION"), (["-x"], "two dashes"), (["serve"], "check config FILE"),
    (["--config.file=", "--no-web"], "nothing to do"), (["--config.file=", "--once"], "nowhere to push"),
    (["--config.file=", "--port=70000"], "is not a port"),
    (["--config.file=", "--interval=1ms"], "--interval"), (["--config.file=", "--reset-time=x"], "--reset-time")])
def test_a_wrong_flag_is_told_with_the_remedy(shared_stack, binary, flags, said):
    status, out, err = run(shared_stack, binary, *flags)
    assert (status, out) == (2, "") and said in err, err


# Once


def test_once_collects_pushes_and_ends_with_0(new_daemon):
    daemon = new_daemon()
    status, text = daemon.run("--once")
    assert status == 0, text
    pushed = daemon.at_pushgateway()
    assert set(of(pushed, METRICS)) == set(METRICS)
    assert daemon.samples("slurm_jobs")[-1][1] == pushed["slurm_jobs"][()]
    assert len(daemon.samples(TICKS)) == 1
    daemon.delete_group()


def test_once_ends_with_1_when_a_receiver_refuses(new_daemon):
    with Receiver((400, {})) as receiver:
        daemon = new_daemon({"remote_write": [{"name": "refusing", "url": receiver.url}]})
        status, text = daemon.run("--once")
        assert status == 1 and "400" in text, text


NOT_PUSHED = 'level=error msg="not everything was pushed"'


def test_once_ends_with_1_when_a_pushgateway_is_down(new_daemon):
    status, text = new_daemon({"pushgateway": [{"name": "dead", "url": Receiver().url}]}).run("--once")
    assert status == 1 and "destination=dead" in text and NOT_PUSHED in text, text


def dead_receiver():
    return {"pushgateway": None, "remote_write": [{"name": "dead", "url": Receiver().url}]}


def test_once_tries_on_while_a_receiver_is_down_and_ends_with_1_when_interrupted(new_daemon):
    daemon = new_daemon(dead_receiver(), arguments=["--once"])
    daemon.start()
    daemon.wait_for_log(0, destination="dead")
    time.sleep(1)
    assert daemon.process.is_alive()
    daemon.process.send(signal.SIGINT)
    assert daemon.process.wait(5) == 1
    assert NOT_PUSHED in daemon.process.log_text()
    daemon.process = None


@pytest.mark.long
def test_once_ends_with_1_after_a_minute_when_a_receiver_stays_down(new_daemon):
    began = time.monotonic()
    status, text = new_daemon(dead_receiver()).run("--once")
    assert status == 1 and NOT_PUSHED in text, text
    assert 55 < time.monotonic() - began < 75


def test_once_and_dry_run_end_with_1_when_slurmctld_is_down(shared_stack, new_daemon):
    daemon = new_daemon({"global": {"scrape_timeout": "1s"}})
    shared_stack.slurm.stop_slurmctld()
    try:
        status, text = daemon.run("--once")
        assert status == 1 and "source=jobs" in text, text
        # What there is is pushed all the same.
        pushed = daemon.at_pushgateway()
        assert pushed["slurm_exporter_source_up"][labels(source="jobs")] == 0
        assert "slurm_jobs" not in pushed and "slurm_jobs_total_submitted" in pushed
        status, text = daemon.run("--dry-run")
        assert status == 1, text
    finally:
        shared_stack.slurm.start_slurmctld()
    shared_stack.slurm.wait_for_nodes(["r1", "r2", "r3"])
    daemon.delete_group()


def tree(folder):
    """Everything about the files in a folder but when they were read."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names + ["."]:
            full = os.path.join(path, name)
            with open(full, "rb") if os.path.isfile(full) else open(os.devnull, "rb") as file:
                found[full] = (file.read(), os.stat(full).st_mtime_ns)
    return found


def test_dry_run_prints_the_metrics_pushes_nothing_and_writes_nothing(shared_stack, new_daemon):
    daemon = new_daemon().started()         # it works beside another that holds the storage
    daemon.wait_passes(1)
    daemon.end()
    before = tree(daemon.storage)
    assert any(path.endswith("/history") for path in before)
    pushes = fetch(shared_stack.pushgateway.url + "/metrics")[1].count("push_time_seconds{")
    ticks = len(daemon.samples(TICKS))
    done = shared_stack.slurm.run(*daemon.command("--dry-run"))
    families = parse_exposition(done.stdout)
    assert set(of(families, METRICS)) == set(METRICS)
    assert families["slurm_exporter_source_up"][labels(source="history")] == 1
    assert tree(daemon.storage) == before
    assert len(daemon.samples(TICKS)) == ticks
    assert fetch(shared_stack.pushgateway.url + "/metrics")[1].count("push_time_seconds{") == pushes
    # Nor where it could begin one.
    empty = os.path.join(daemon.folder, "empty")
    os.mkdir(empty)
    shared_stack.slurm.run(*daemon.command("--dry-run", "--storage.path=" + empty))
    assert not os.listdir(empty)


def test_dry_run_works_beside_a_daemon_and_where_there_is_no_storage(shared_stack, new_daemon):
    daemon = new_daemon().started()
    done = shared_stack.slurm.run(*daemon.command("--dry-run"))
    assert "slurm_jobs_total_submitted" in parse_exposition(done.stdout)
    nowhere = os.path.join(daemon.folder, "nowhere")
    shared_stack.slurm.run(*daemon.command("--dry-run", "--storage.path=" + nowhere))
    assert not os.path.exists(nowhere)


# Flags and addresses


def test_a_pushgateway_on_the_command_line_is_enough(shared_stack, new_daemon):
    daemon = new_daemon(arguments=["--config.file=", "--pushgateway.url=" + shared_stack.pushgateway.url])
    daemon.arguments += ["--port=%d" % daemon.port]
    daemon.started()
    ours = {"job": "slurm", "cluster": "tst"}
    wait_until(lambda: ours in shared_stack.pushgateway.groups(), "it is pushed")
    pushed = shared_stack.pushgateway.exposed()
    assert pushed["slurm_jobs"] == daemon.exposed()["slurm_jobs"]
    assert daemon.value("slurm_exporter_interval_seconds") == 30
    daemon.end()
    assert ours not in shared_stack.pushgateway.groups()


def test_destinations_on_the_command_line_take_the_place_of_those_in_the_file(new_daemon):
    with Receiver((200, {})) as receiver:
        daemon = new_daemon()
        daemon.arguments = ["--remote-write.url=" + receiver.url + "/write"]
        daemon.started()
        wait_until(lambda: receiver.seen, "it is sent")
        method, path, headers = receiver.seen[0]
        assert (method, path) == ("POST", "/write")
        headers = {name.lower(): value for name, value in headers.items()}
        assert headers["content-type"] == "application/x-protobuf"
        assert headers["content-encoding"] == "snappy"
        assert headers["x-prometheus-remote-write-version"] == "0.1.0"
        assert headers["user-agent"].startswith("slurm-pusher/")
        assert not daemon.at_pushgateway() and not daemon.samples(TICKS)


@pytest.mark.parametrize("flags", [["--port={port}"], ["--web.listen-address=127.0.0.1:{port}"],
                                   ["--web.listen-address=:1", "--port={port}"],
                                   ["--web.listen-address=[::1]:{port}"], ["--web.listen-address=:{port}"]],
                         ids=" ".join)
def test_the_page_is_served_where_flags_say(new_daemon, flags):
    daemon = new_daemon({"web": None})
    daemon.arguments = [flag.format(port=daemon.port) for flag in flags]
    daemon.start()
    host = "[::1]" if "[::1]" in flags[0] else "127.0.0.1"
    wait_until(lambda: _status("http://%s:%d/-/healthy" % (host, daemon.port)) == 200, "it answers",
               process=daemon.process)
    open_to_others = _listens_on_every_address(daemon.port)
    assert open_to_others == (flags[0].split("=")[1].startswith(":"))


def _status(url):
    try:
        return fetch(url, timeout=2)[0]
    except OSError:
        return None


def _listens_on_every_address(port):
    found = []
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name) as table:
            found += [row.split()[1] for row in table if row.split()[3] == "0A"]
    hosts = [where.split(":")[0] for where in found if where.endswith(":%04X" % port)]
    assert hosts
    return all(set(host) == {"0"} for host in hosts)


def test_a_port_that_is_taken_is_told_with_the_remedy(new_daemon):
    daemon = new_daemon().started()
    other = new_daemon({"web": {"listen_address": "127.0.0.1:%d" % daemon.port}})
    status, text = other.run()
    assert status == 1
    assert re.search(r"level=error .*127\.0\.0\.1:%d.* (in use|taken)" % daemon.port, text), text


def test_storage_that_another_one_uses_is_told_with_the_remedy(new_daemon):
    daemon = new_daemon().started()
    status, text = new_daemon({"storage": {"path": daemon.storage}}).run()
    assert status == 1
    assert "another slurm-pusher uses " + daemon.storage in text and "--storage.path" in text


def test_a_scrape_never_triggers_a_collection(new_daemon):
    daemon = new_daemon({"global": {"scrape_interval": "1h"}}).started()
    assert len({fetch(daemon.url + "/metrics")[1] for _ in range(10)}) == 1
    assert daemon.ticks() == 1


def test_the_page_shows_what_is_collected_and_how_destinations_do(new_daemon):
    with Receiver((503, {})) as failing:
        daemon = new_daemon({"pushgateway": [
            {"name": "failing", "url": failing.url}, {"name": "pushgateway", "url": "{pushgateway}"}]}).started()
        daemon.wait_ticks(2)
        status, page = fetch(daemon.url + "/")
        assert status == 200
        for word in ("jobs", "nodes", "partitions", "history", "prometheus", "pushgateway", "failing", "503",
                     daemon.name):
            assert word in page, word
        assert fetch(daemon.url + "/-/ready")[0] == fetch(daemon.url + "/-/healthy")[0] == 200
        assert fetch(daemon.url + "/nothing")[0] == 404
        daemon.kill()


# SIGHUP


@pytest.mark.parametrize("cluster", ["from_slurm", "from_the_file"])
def test_a_reload_changes_the_interval_and_metrics_and_keeps_what_waits(shared_stack, new_daemon, cluster):
    with Receiver(target=shared_stack.prometheus.url) as receiver:
        labels_ = {"external_labels": {"cluster": None if cluster == "from_slurm" else "{name}", "try": "{name}"}}
        daemon = new_daemon({
            "global": labels_, "pushgateway": None,
            "remote_write": [{"name": "prometheus", "url": receiver.url + "/api/v1/write",
                              "queue_config": {"max_backoff": "1s"}}]}).started()
        daemon.wait_passes(1)
        ours = 'slurm_exporter_ticks_total{try="%s"}' % daemon.name
        receiver.mode = (503, {})
        wait_until(lambda: state_of(daemon, "prometheus")["destination_up"] == 0, "it is noticed")
        daemon.wait_ticks(3)
        first = shared_stack.prometheus.series(ours, drop=("job", "cluster", "try"))[()]
        last = daemon.ticks()
        assert last >= first + 3
        line = daemon.reload({
            "global": {"scrape_interval": "2s"},
            "remote_write": [{"name": "prometheus", "url": receiver.url + "/api/v1/write",
                              "remote_timeout": "7s", "queue_config": {"max_backoff": "1s"}}],
            "metrics": [{"name": "slurm_added", "help": "Lines.", "command": ["echo", "x"],
                         "parse": "count_lines"}]})
        assert line["msg"] == "configuration reloaded"
        receiver.mode = "forward"
        wait_until(lambda: daemon.value("slurm_added") == 1, "there is the new metric", process=daemon.process)
        assert daemon.value("slurm_exporter_interval_seconds") == 2
        passes = daemon.value("slurm_exporter_history_passes_total")
        daemon.wait_ticks(3)
        assert daemon.value("slurm_exporter_history_passes_total") > passes, "the history goes on"

        def ticks():
            found = shared_stack.prometheus.samples(ours, drop=("job", "cluster", "try"))
            return list(found.values())[0]
        wait_until(lambda: set(range(int(first), int(last) + 4)) <= {value for _, value in ticks()},
                   "nothing that waited is lost")
        after = [at for at, value in ticks() if value > last + 1]
        assert all(1.7 < b - a < 2.8 for a, b in zip(after, after[1:])), after


def test_a_reload_of_a_wrong_file_changes_nothing_and_is_told(new_daemon):
    daemon = new_daemon({"metrics": [
        {"name": "slurm_old", "help": "Lines.", "command": ["echo", "x"], "parse": "count_lines"}]}).started()
    assert daemon.value(RELOADED) == 1
    mark = daemon.mark()
    line = daemon.reload({"global": {"scrape_interval": "never"}, "metrics": None})
    assert line["msg"].startswith("reload failed") and line["level"] == "error"
    assert re.search(r"slurm-pusher.yaml:\d+:\d+: scrape_interval", daemon.logged(mark, msg="configuration")[0]["err"])
    daemon.wait_ticks(2)
    assert daemon.value(RELOADED) == 0
    assert daemon.value("slurm_old") == 1 and daemon.value("slurm_exporter_interval_seconds") == 1
    ticks = daemon.ticks()
    wait_until(lambda: daemon.at_pushgateway()[TICKS][()] > ticks, "it goes on")
    assert daemon.reload({"global": {"scrape_interval": "1s"}})["msg"] == "configuration reloaded"
    daemon.wait_ticks(2)
    assert daemon.value(RELOADED) == 1 and daemon.value("slurm_old") is None


def test_reloads_while_commands_run_do_no_harm(new_daemon):
    daemon = new_daemon().started()
    daemon.wait_passes(1)
    for number in range(10):
        daemon.reload({"history": {"interval": "%ds" % (1 + number % 2)},
                       "remote_write": [{"name": "prometheus", "url": "{remote_write}",
                                         "remote_timeout": "%ds" % (20 + number)}]})
        time.sleep(0.07 * number)
    daemon.wait_ticks(2)
    daemon.wait_passes(1)
    ticks = daemon.ticks()
    wait_until(lambda: daemon.samples(TICKS)[-1][1] >= ticks, "it is written")


def test_a_reload_moves_the_page(new_daemon):
    daemon = new_daemon().started()
    other = new_daemon().port
    old, daemon.port = daemon.port, other
    daemon.reload({})
    wait_until(lambda: daemon.answers("/-/healthy"), "it answers there", process=daemon.process)
    assert _status("http://127.0.0.1:%d/-/healthy" % old) is None


# The end, and another beginning


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_sends_what_waits_and_deletes_the_group(new_daemon, number):
    daemon = new_daemon().started()
    wait_until(daemon.at_pushgateway, "it is pushed")
    daemon.wait_ticks(1)
    last = daemon.ticks()
    daemon.process.send(number)
    assert daemon.process.wait(10) == 0
    assert daemon.logged(msg="stopped")
    assert not daemon.at_pushgateway()
    assert has_all_ticks(daemon, 1, last)


def test_a_stop_keeps_the_group_if_it_shall(new_daemon):
    daemon = new_daemon({"pushgateway": [{"url": "{pushgateway}", "delete_on_stop": False}]}).started()
    wait_until(daemon.at_pushgateway, "it is pushed")
    daemon.end()
    assert "slurm_jobs" in daemon.at_pushgateway()
    daemon.delete_group()


def test_a_restart_changes_no_total_and_keeps_the_relative_reset_time(shared_stack, new_daemon):
    commands = Commands(os.path.join(shared_stack.folder, "commands-restart"))
    daemon = new_daemon({"slurm": {"reset_time": "2 hours ago", "path": commands.path}}).started()
    daemon.wait_passes(1)
    before = daemon.exposed()
    assert before[RESET][()] == pytest.approx(time.time() - 7200, abs=10)
    daemon.end()
    time.sleep(1.1)
    commands.break_("history", "hangs")
    daemon.start()
    daemon.ready()
    shown = daemon.exposed()
    assert shown[RESET] == before[RESET]
    assert of(shown, HISTORY) == of(before, HISTORY), "they are not there before accounting is asked"
    commands.restore()
    daemon.end()


def test_a_purge_in_slurmdbd_lowers_no_total_and_a_restart_neither(shared_stack, new_daemon):
    database, cluster = shared_stack.slurm.database, shared_stack.slurm.cluster
    shared_stack.slurm.wait_for_job(workload.submit(shared_stack.slurm, "-w", "r2", wrap="true"), "COMPLETED")
    shared_stack.slurm.settle()
    # In a time of its own, long before the jobs of other tests; and purged at the end.
    workload.finished_jobs(shared_stack.slurm, 1000, over_seconds=600, until=time.time() - 10 * 86400)
    where = "FROM %s_job_table WHERE id_job >= 20000000" % cluster
    try:
        daemon = new_daemon({"slurm": {"reset_time": "11 days ago"}}).started()
        daemon.wait_passes(1)
        before = of(daemon.exposed(), HISTORY)
        assert before["slurm_jobs_total_completed"][()] >= 880
    finally:
        database.query("DELETE " + where)
    daemon.wait_passes(2)
    assert of(daemon.exposed(), HISTORY) == before
    daemon.end()
    daemon.start()
    daemon.ready()
    daemon.wait_passes(1)
    assert of(daemon.exposed(), HISTORY) == before


def test_state_that_is_damaged_is_set_aside_and_counted_anew(new_daemon):
    daemon = new_daemon().started()
    daemon.wait_passes(1)
    before = of(daemon.exposed(), HISTORY)
    daemon.end()
    file = os.path.join(daemon.storage, "history")
    with open(file, "r+b") as state:
        state.seek(40)
        state.write(b"damaged")
    damaged = open(file, "rb").read()
    mark = daemon.mark()
    daemon.start()
    daemon.ready()
    daemon.wait_passes(1)
    assert open(file + ".bad", "rb").read() == damaged
    assert "set aside" in daemon.logged(mark, level="warn", msg="history")[0]["note"]
    assert of(daemon.exposed(), HISTORY) == before


def test_a_password_in_a_url_is_refused_and_not_shown(shared_stack, binary, tmp_path):
    path = tmp_path / "secret.yaml"
    path.write_text("remote_write: [{url: 'http://user:hunter2@host/write'}]\n")
    status, out, err = run(shared_stack, binary, "check", "config", str(path))
    assert status == 2 and "basic_auth" in err and "hunter2" not in out + err


# The log


def test_the_log_is_logfmt_and_nothing_that_is_shown_has_a_secret(shared_stack, binary, new_daemon):
    with Receiver((401, {})) as remote, Receiver((500, {})) as gateway:
        daemon = new_daemon({
            "log": {"level": "debug"},
            "remote_write": [{"name": "remote", "url": remote.url + "/write?key=hunter2",
                              "headers": {"X-Token": "hunter3"}}],
            "pushgateway": [{"name": "gateway", "url": gateway.url}]}).started()
        daemon.wait_ticks(3)
        assert remote.seen and gateway.seen
        assert remote.seen[0][1] == "/write?key=hunter2" and remote.seen[0][2]["X-Token"] == "hunter3"
        shown = [fetch(daemon.url + path)[1] for path in ("/", "/metrics", "/-/ready")]
        shown += run(shared_stack, binary, "check", "config", daemon.config_file)
        daemon.reload({"log": {"level": "loud"}})
        daemon.reload({"log": {"level": "debug"}})
        lines = daemon.lines()          # it parses
        for line in lines:
            assert set(line) >= {"ts", "level", "msg"}
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"])
            assert line["level"] in ("debug", "info", "warn", "error")
        assert {"debug", "info", "warn", "error"} == {line["level"] for line in lines}
        with open(daemon.log) as log:
            shown.append(log.read())
        assert "hunter" not in str(shown)
        daemon.kill()


def test_labels_can_come_from_the_environment(shared_stack, new_daemon):
    daemon = new_daemon({"global": {"external_labels": {"site": "${SITE}", "price": "5$$"}}},
                        env={"SITE": "north"}).started()
    wait_until(lambda: daemon.samples("slurm_jobs"), "it is written")
    found = shared_stack.prometheus.query('slurm_jobs{cluster="%s"}' % daemon.name)[0]["metric"]
    assert (found["site"], found["price"], found["job"]) == ("north", "5$", "slurm")


def test_an_empty_label_is_left_out(shared_stack, new_daemon):
    daemon = new_daemon({"global": {"external_labels": {"cluster": "", "job": "", "only": "{name}"}},
                         "pushgateway": None}).started()
    found = wait_until(lambda: shared_stack.prometheus.query('slurm_jobs{only="%s"}' % daemon.name), "it is written")
    assert found[0]["metric"] == {"__name__": "slurm_jobs", "only": daemon.name}
    daemon.wait_ticks(2)
    assert daemon.value("slurm_exporter_requests_total", destination="prometheus") >= 2


def test_a_reload_takes_a_cluster_label_that_was_changed_or_removed(shared_stack, new_daemon):
    daemon = new_daemon().started()
    for cluster, name in (("other", "other-" + daemon.name), ("removed", "tst")):
        daemon.reload({"global": {"external_labels": {
            "cluster": "other-{name}" if cluster == "other" else None, "from": "{name}"}}})
        selector = 'slurm_jobs{cluster="%s",from="%s"}' % (name, daemon.name)
        wait_until(lambda: shared_stack.prometheus.query(selector), "Prometheus has it as " + name)
