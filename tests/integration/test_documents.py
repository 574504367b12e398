# SPDX-License-Identifier: Apache-2.0
"""The documents and the program say the same."""

import http.server
import itertools
import os
import re
import signal
import subprocess
import threading
import time

import pytest
import yaml

import documented
from stack.ports import free_port
from stack.receivers import fetch, parse_exposition

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(ROOT, *path)) as document:
        return document.read()


README = read("README.md")
MANUAL_8 = read("config", "man", "slurm-pusher.8").replace("\\-", "-")
MANUAL_5 = read("config", "man", "slurm-pusher.yaml.5").replace("\\-", "-")
SAMPLE = read("config", "slurm-pusher.yaml")


def section(title):
    """What stands under a heading of the README, with the headings below it."""
    level, _ = title.split(" ", 1)
    after = README.split("\n%s\n" % title, 1)[1]
    return re.split(r"\n#{1,%d} " % len(level), after)[0]


def rows(text):
    """The cells of all rows of the tables in a text."""
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in text.splitlines() if line.startswith("| ")]


def braces_expanded(name):
    """slurm_{a,b} is slurm_a and slurm_b."""
    parts = [part.split(",") for part in re.split(r"[{}]", name)]
    return ["".join(choice) for choice in itertools.product(*parts)]


def metrics_in_readme():
    """{name: the cells of its row}"""
    found = {}
    for cells in rows(section("## Metrics")):
        match = re.fullmatch(r"`(slurm_[a-z_{},]+)`", cells[0])
        for name in braces_expanded(match.group(1)) if match else []:
            assert name not in found, "%s stands in two rows" % name
            found[name] = cells
    return found


# Metrics


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes everything, but not the first time at a path that ends with /later."""

    def take(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        later = self.path.endswith("/later") and not self.server.asked
        self.server.asked = self.server.asked or later
        self.send_response(503 if later else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST = do_DELETE = take

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    """The URL of an HTTP server with that handler."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.asked = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d" % server.server_port
    server.shutdown()
    server.server_close()


FAKE_COMMANDS = {
    "squeue": ":",
    "sacct": ":",
    "scontrol": 'case "$*" in *partitions) echo PartitionName=a;; *config) echo "ClusterName = c";; --version) echo slurm 24.11.5;; esac',
}


@pytest.fixture
def empty_cluster(tmp_path):
    """A folder with Slurm's commands, as of a cluster that has one partition and nothing else."""
    for name, script in FAKE_COMMANDS.items():
        command = tmp_path / name
        command.write_text("#!/bin/sh\n%s\n" % script)
        command.chmod(0o755)
    return tmp_path


def emitted(binary, folder, config, enough):
    """The names of all metrics that a daemon shows, until they are enough or ten seconds are over."""
    port, names = free_port(), set()
    path = folder / "pusher.yaml"
    path.write_text(yaml.safe_dump(config))
    process = subprocess.Popen([binary, "--config.file=%s" % path, "--port=%d" % port])
    end = time.monotonic() + 10
    try:
        while not names >= enough and time.monotonic() < end:
            time.sleep(0.1)
            try:
                names |= set(parse_exposition(fetch("http://127.0.0.1:%d/metrics" % port)[1]))
            except OSError:
                pass        # it does not listen yet
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    return names


def test_readme_has_every_metric_and_no_other(binary, empty_cluster, receiver):
    config = {
        "global": {"scrape_interval": "1s"},
        "slurm": {"path": "%s:/usr/bin:/bin" % empty_cluster},
        "history": {"interval": "1s"},
        "metric_files": [],
        "pushgateway": [{"url": receiver}],
        "remote_write": [{"url": receiver + "/api/v1/write"},
                         {"url": receiver + "/later",
                          "queue_config": {"min_backoff": "2s", "max_backoff": "2s"}}],
    }
    told = set(metrics_in_readme())
    shown = emitted(binary, empty_cluster, config, told)
    assert sorted(shown - told) == [], "not in the README"
    assert sorted(told - shown) == [], "in the README only"


def test_readme_has_the_commands_that_the_values_are_compared_with():
    ruled = {"slurm_nodes", "slurm_nodes_drain_total"}
    for name in set(documented.METRICS) - ruled:
        if documented.is_by_partition(name):
            continue
        command = documented.TABLE[name][0].format(since="<reset_time>")
        assert metrics_in_readme()[name][-1].strip("`").replace("'", "") == command, name


def test_promql_examples_are_promql_and_use_metrics_that_exist(tmp_path):
    expressions = [cells[1].strip("`") for cells in rows(section("## PromQL"))[1:]]
    known = set(metrics_in_readme())
    for expression in expressions:
        assert set(re.findall(r"slurm_\w+", expression)) <= known, expression
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "readme", "rules": [
        {"record": "example:%d" % number, "expr": expression}
        for number, expression in enumerate(expressions)]}]}))
    checked = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


# Configuration


def yaml_blocks():
    """(where, text) of every block of YAML in the documents."""
    for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```", README, re.S | re.M), 1):
        yield "README-%d" % number, text
    for number, text in enumerate(re.findall(r"^\.EX\n(.*?)^\.EE", MANUAL_5, re.S | re.M), 1):
        yield "slurm-pusher.yaml.5-%d" % number, text


@pytest.mark.parametrize("text", [pytest.param(text, id=where) for where, text in yaml_blocks()])
def test_yaml_in_the_documents_is_valid(binary, tmp_path, text):
    path = tmp_path / "example.yaml"
    path.write_text(text)
    checker = [binary, "check", "config"]
    if text.startswith("# prometheus.yml\n"):
        checker = ["promtool", "check", "config"]
    checked = subprocess.run(checker + [path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "warning" not in (checked.stdout + checked.stderr).lower()


def sample_defaults():
    """{section: {key: value}} of the sample configuration, which a unit test compares with the code."""
    text = re.sub(r"^#(?! \S)", "", SAMPLE, flags=re.M)
    found = {}
    for name, content in yaml.safe_load(text).items():
        found[name] = content[0] if isinstance(content, list) and content else content
    return found


def manual_defaults():
    """(section, key, default) of every key of the manual that has one of one word."""
    for title, text in re.findall(r"^\.SH ([A-Z_]+)\n(.*?)(?=^\.SH )", MANUAL_5, re.S | re.M):
        for key, default in re.findall(r'^\.BR ([a-z_.]+) ".*default " (\S+) \)?$', text, re.M):
            yield title.lower(), key, default


def test_manual_has_the_defaults_of_the_sample():
    sample, compared = sample_defaults(), 0
    for name, key, default in manual_defaults():
        value = sample.get(name)
        if not isinstance(value, dict) or default.startswith("$"):
            continue
        for part in key.split("."):
            value = value[part]
        assert default == str(value).replace("True", "true"), "%s.%s" % (name, key)
        compared += 1
    assert compared > 15


# The map of the code


def files_in_architecture():
    """{room: the names in its table}"""
    text = read("ARCHITECTURE.md").split("\n### What each file is for\n", 1)[1].split("\n## ", 1)[0]
    parts = re.split(r"^`([a-z]+)`$", text, flags=re.M)[1:]
    return {room: {name for cells in rows(table) for name in re.findall(r"`(\w+)`", cells[0])}
            for room, table in zip(parts[::2], parts[1::2])}


def test_architecture_has_every_source_file_and_no_other():
    for room, named in files_in_architecture().items():
        there = os.listdir(os.path.join(ROOT, "src", room))
        assert sorted(name for name in there if name.endswith(".c") and name[:-2] not in named) == []
        assert sorted(name for name in named if not {name + ".c", name + ".h"} & set(there)) == []
    assert sorted(files_in_architecture()) == sorted(os.listdir(os.path.join(ROOT, "src")))


# Flags and commands


def flags_in_help(binary):
    told = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  --([a-z.-]+)", told, re.M))


def test_manual_has_every_flag_and_no_other(binary):
    flags = re.search(r"^\.SH FLAGS\n(.*?)^\.SH ", MANUAL_8, re.S | re.M).group(1)
    entries = re.findall(r"^\.TP\n(.*)$", flags, re.M)
    assert set(re.findall(r"--([a-z.-]+)", "\n".join(entries))) == flags_in_help(binary)


def test_readme_names_only_flags_that_exist(binary):
    of_others = {"long", "web.enable-remote-write-receiver"}
    named = set(re.findall(r"`--([a-z][a-z.-]+)", README)) | set(
        flag for line in re.findall(r"slurm-pusher .*", README) for flag in re.findall(r" --([a-z.-]+)", line)
        if not line.startswith("slurm-pusher --now"))
    assert named - of_others <= flags_in_help(binary)


def test_readme_names_only_commands_that_dev_has():
    told = subprocess.run([os.path.join(ROOT, "dev"), "help"], capture_output=True, text=True, check=True)
    commands = set(re.findall(r"^  ([a-z]+)", told.stdout, re.M))
    named = set(re.findall(r"\./dev ([a-z]+)", README))
    assert {"demo", "test"} <= named <= commands
