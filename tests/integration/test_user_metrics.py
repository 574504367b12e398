# SPDX-License-Identifier: Apache-2.0
"""Metrics that a user defines: a command of any kind, and how to read what it prints."""

import os
import re
import time

import pytest

from documented import METRICS
from fakes import Commands
from stack import wait_until
from stack.receivers import labels
from test_daemon import run
from test_faults import of

# Each command prints what stands beside it, whatever Slurm is doing.
_PRINTS = {
    "three_lines": "a\\nb\\nc\\n",
    "nothing": "",
    "a_number": "There are 42.5 of 99.\\n",
    "table": "gpu:a100 r1 4\\ngpu:a100 r2 2.5\\ngpu:h100 r1 -1\\n",
    "other_table": "x|7|y z\\n|8|\\n",
    "no_number": "none at all\\n",
    "short_table": "one 1\\ntwo\\n",
    "twice": "one 1\\none 2\\n",
}


def metric(name, command, **more):
    return dict({"name": name, "help": "Of a test.", "command": command.split()}, **more)


DEFINED = [
    metric("test_lines", "three_lines", parse="count_lines"),
    metric("test_lines_by_default", "three_lines"),
    metric("test_no_lines", "nothing", parse="count_lines"),
    metric("test_number", "a_number", parse="extract_number", type="counter"),
    metric("test_no_number", "nothing", parse="extract_number"),
    metric("test_columns", "table", parse="columns", value=3, labels={"gres": "1", "node": "2"}),
    metric("test_separated", "other_table", parse="columns", value=2, separator="|", labels={"name": "1", "rest": "3"}),
    metric("test_no_columns", "nothing", parse="columns", value=1),
    metric("test_jobs_{state}", "squeue -t {state} -h", each={"state": ["RUNNING", "PENDING"]}),
    metric("test_jobs_each", "squeue -t {state} -h", each={"state": ["RUNNING", "PENDING"]}),
    metric("test_partition_jobs", "squeue -p {partition} -h", parse="count_lines"),
    metric("test_partition_nodes_{state}", "sinfo -p {partition} -t {state} -h -o %D", parse="extract_number",
           each={"state": ["idle", "down"]}),
    metric("test_start", "echo {start_time}/{reset_time}", parse="columns", value=1, separator="|"),
    metric("test_since", "sacct -a -S {start_time} -E now -X -n --noheader", parse="count_lines"),
    metric("test_since_reset", "sacct -a -S {reset_time} -E now -X -n --noheader -s COMPLETED", parse="count_lines"),
    metric("test_words", "arguments {state} a$HOME *", parse="count_lines", each={"state": ["two words"]}),
    {"name": "test_not_responding", "help": "Of a test.", "from": "nodes", "by": ["partition"],
     "where": {"state": {"flag": "POWERED_DOWN"}}},
    {"name": "test_gpus", "help": "Of a test.", "from": "gpus", "sum": "count", "by": ["kind"]},
    # A shipped one, replaced.
    metric("slurm_nodes_maint", "three_lines", parse="count_lines"),
    # Those that fail.
    metric("test_missing", "no_such_command", parse="count_lines"),
    metric("test_failing", "false", parse="count_lines"),
    metric("test_text", "no_number", parse="extract_number"),
    metric("test_short", "short_table", parse="columns", value=2, labels={"name": "1"}),
    metric("test_twice", "twice", parse="columns", value=2, labels={"name": "1"}),
]
TABLES = {"gpus": {"command": ["gpu_rows"], "separator": " ",
                   "columns": {"kind": {}, "count": {"type": "number"}}}}
FAILING = {"test_missing", "test_failing", "test_text", "test_short", "test_twice"}


@pytest.fixture(scope="module")
def path(shared_stack):
    """A folder of the commands above."""
    folder = os.path.join(shared_stack.folder, "user-commands")
    os.makedirs(folder, exist_ok=True)
    scripts = {name: "printf '%s'" % text.replace("%", "%%") for name, text in _PRINTS.items()}
    scripts["arguments"] = 'for word; do echo "$word"; done >"%s/words"; cat "%s/words"' % (folder, folder)
    scripts["gpu_rows"] = "printf 'a100 4\\nh100 2\\na100 1\\n'"
    for name, script in scripts.items():
        with open(os.path.join(folder, name), "w") as out:
            out.write("#!/bin/sh\nPATH=/usr/bin:/bin\n%s\n" % script)
        os.chmod(os.path.join(folder, name), 0o755)
    os.chmod(folder, 0o777)
    return folder


@pytest.fixture(scope="module")
def daemon(shared_stack, every_state, path, new_shared_daemon):
    made = new_shared_daemon({"slurm": {"path": path + ":/usr/bin:/bin", "reset_time": "3 hours ago"},
                              "metrics": DEFINED, "tables": TABLES})
    made.started().wait_passes(1)
    return made


@pytest.fixture(scope="module")
def shown(daemon):
    daemon.wait_ticks(2)
    return daemon.exposed()


@pytest.mark.parametrize("name, value", [
    ("test_lines", 3), ("test_lines_by_default", 3), ("test_no_lines", 0), ("test_number", 42.5),
    ("test_no_number", 0)])
def test_a_number_of_lines_or_in_them_is_the_value_and_no_output_is_0(shown, name, value):
    assert shown[name] == {(): value}


def test_columns_are_values_and_labels_and_no_output_is_no_series(shown):
    assert shown["test_columns"] == {
        labels(gres="gpu:a100", node="r1"): 4, labels(gres="gpu:a100", node="r2"): 2.5,
        labels(gres="gpu:h100", node="r1"): -1}
    assert shown["test_separated"] == {labels(name="x", rest="y z"): 7, (): 8}
    assert "test_no_columns" not in shown


def test_a_variable_makes_a_metric_of_each_value_by_name_or_by_label(shown):
    for state in ("RUNNING", "PENDING"):
        value = shown["slurm_jobs_" + state.lower()][()]
        assert value > 0
        assert shown["test_jobs_" + state] == {(): value}
        assert shown["test_jobs_each"][labels(state=state)] == value


def test_partition_runs_the_command_for_each_partition_with_a_label(shown):
    assert shown["test_partition_jobs"] == shown["slurm_partition_jobs"]
    for state in ("idle", "down"):
        assert shown["test_partition_nodes_" + state] == shown["slurm_partition_nodes_" + state]


def test_start_time_and_reset_time_are_that_of_the_history(shown):
    assert shown["test_since"][()] == shown["slurm_jobs_total_submitted"][()] > 0
    assert shown["test_since_reset"][()] == shown["slurm_jobs_total_completed"][()] > 0


def test_words_reach_the_command_as_they_are_without_a_shell(shown, path):
    assert shown["test_words"] == {labels(state="two words"): 3}
    with open(os.path.join(path, "words")) as words:
        assert words.read().splitlines() == ["two words", "a$HOME", "*"]


def test_a_table_can_be_used_or_added(shown):
    assert shown["test_not_responding"] == shown["slurm_partition_nodes_powered_down"]
    assert shown["test_gpus"] == {labels(kind="a100"): 5, labels(kind="h100"): 2}


def test_a_definition_with_a_shipped_name_takes_its_place(shown):
    assert shown["slurm_nodes_maint"] == {(): 3}


def test_a_metric_that_fails_leaves_the_others_alone(daemon, shown):
    assert not of(shown, FAILING)
    up = {dict(key)["source"]: value for key, value in shown["slurm_exporter_source_up"].items()}
    assert {name for name, value in up.items() if not value} == FAILING | {"test_start"}
    assert set(of(shown, METRICS)) == set(METRICS)
    daemon.wait_ticks(2)
    said = {line["source"]: line["err"] for line in daemon.logged(level="warn") if "source" in line}
    assert set(said) == FAILING | {"test_start"}
    assert len(daemon.logged(level="warn", source="test_failing")) == 1
    for name, words in (("test_missing", "no_such_command"), ("test_failing", "exit status 1"),
                        ("test_text", "none at all"), ("test_short", "line 2"), ("test_twice", "same labels")):
        assert words in said[name], said[name]


def test_start_time_is_local_time_as_sacct_takes_it(daemon):
    # A time is no number, so what was printed is in the message.
    said = daemon.logged(level="warn", source="test_start")[0]["err"]
    times = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", said)
    reset = daemon.value("slurm_exporter_history_reset_timestamp_seconds")
    assert times == 2 * [time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(reset))], said


def test_they_reach_the_receivers_as_others_do(daemon, shown):
    wait_until(lambda: daemon.samples("test_columns", gres="gpu:a100", node="r2"), "Prometheus has it")
    assert daemon.samples("test_columns", gres="gpu:a100", node="r2")[-1][1] == 2.5
    assert daemon.at_pushgateway()["test_columns"] == shown["test_columns"]
    assert daemon.samples("test_no_lines")[-1][1] == 0


def test_a_metric_by_partition_has_no_values_while_the_partitions_are_not_known(shared_stack, new_daemon):
    commands = Commands(os.path.join(shared_stack.folder, "commands-partition"))
    commands.break_("partitions", "fails_after_printing_all")
    daemon = new_daemon({"slurm": {"path": commands.path}, "metrics": [
        metric("test_partition_jobs", "squeue -p {partition} -h"), metric("test_jobs", "squeue -h")]}).started()
    shown = daemon.exposed()
    assert "test_partition_jobs" not in shown and shown["test_jobs"] == shown["slurm_jobs"]
    commands.restore()
    wait_until(lambda: daemon.value("test_partition_jobs", partition="empty") == 0, "it is there",
               process=daemon.process)


def test_files_of_definitions_are_read_too(new_daemon, tmp_path):
    (tmp_path / "a.yaml").write_text(
        "metrics:\n- {name: test_a, help: x, command: [echo, '1'], parse: extract_number}\n")
    (tmp_path / "b.yaml").write_text(
        "metrics:\n- {name: test_a, help: x, command: [echo, '2'], parse: extract_number}\n")
    tmp_path.chmod(0o755)
    for parent in list(tmp_path.parents)[:2]:
        parent.chmod(0o755)
    daemon = new_daemon({"metric_files": [str(tmp_path / "*.yaml")]}).started()
    assert daemon.value("test_a") == 2, "the later file counts"


# A wrong definition, where it is wrong, and what is said.
WRONG = [
    ("{name: a-b, help: x, command: [c]}", "is not a metric name"),
    ("{name: a, command: [c]}", "help is missing"),
    ("{name: a, help: x}", "either from (a table) or command is needed"),
    ("{name: a, help: x, command: [c], from: jobs}", "either from (a table) or command is needed"),
    ("{name: a, help: x, command: [c], parse: custom}", "custom is reserved"),
    ("{name: a, help: x, command: [c], parse: lines}", "unknown parse \"lines\""),
    ("{name: a, help: x, command: [c], parse: columns}", "parse: columns needs value"),
    ("{name: a, help: x, command: [c], parse: columns, value: 1, labels: {l: one}}", "number of a column"),
    ("{name: a, help: x, command: [c], parse: columns, value: 1, labels: {0l: '2'}}", "not a label name"),
    ("{name: a, help: x, command: [c], value: 1}", "are for parse: columns"),
    ("{name: a, help: x, command: [c], by: [partition]}", "for a metric over a table"),
    ("{name: a, help: x, from: jobs, parse: count_lines}", "for a metric with a command"),
    ("{name: a, help: x, from: jbos}", "there is no table \"jbos\""),
    ("{name: a, help: x, from: jobs, by: [color]}", "no column \"color\""),
    ("{name: a, help: x, from: jobs, where: {color: red}}", "color"),
    ("{name: a, help: x, from: jobs, subset: sleeping}", "no subset \"sleeping\""),
    ("{name: a, help: x, from: jobs, sum: state}", "no column \"state\" of numbers"),
    ("{name: a, help: x, command: [c], type: histogram}", "gauge or counter"),
    ("{name: slurm_exporter_mine, help: x, command: [c]}", "slurm-pusher's own"),
    ("{name: a, help: x, command: [c], each: {state: RUNNING}}", "a list of values"),
    ("{name: a, help: x, command: [c], hepl: x}", "did you mean \"help\"?"),
    ("{name: a, help: x, command: squeue}", "write a list here"),
]


@pytest.mark.parametrize("definition, said", WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_definition_is_told_with_its_place(shared_stack, binary, tmp_path, definition, said):
    file = tmp_path / "wrong.yaml"
    file.write_text("# a comment\nmetrics:\n  - %s\n" % definition)
    status, _, err = run(shared_stack, binary, "check", "config", str(file))
    assert status == 2
    told = [line for line in err.splitlines() if said in line]
    assert told and all(re.match(r"%s:3:\d+: " % re.escape(str(file)), line) for line in told), err
