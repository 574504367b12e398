# SPDX-License-Identifier: Apache-2.0
"""Every metric of the exporter's document has, at each receiver, the value that its command prints
by hand, on a cluster that is in every state at once."""

import re
import subprocess
import time
import types

import pytest

from documented import METRICS, by_hand, is_by_partition
from stack import wait_until
from stack.receivers import fetch, labels, parse_exposition

PLACES = ("/metrics", "Pushgateway", "Prometheus")
TICKS = "slurm_exporter_ticks_total"
OURS = '{job="slurm",cluster="tst"}'


@pytest.fixture(scope="module")
def daemon(shared_stack, every_state, new_shared_daemon):
    reset = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() - 3600))
    made = new_shared_daemon({"slurm": {"reset_time": reset}, "global": {"external_labels": None}}).started()
    made.wait_passes(1)
    return made


def _at_prometheus(shared_stack):
    found = {}
    for one in shared_stack.prometheus.query(OURS):
        rest = dict(one["metric"])
        name, _, _ = rest.pop("__name__"), rest.pop("job"), rest.pop("cluster")
        found.setdefault(name, {})[labels(**rest)] = float(one["value"][1])
    return found


def _see(shared_stack, daemon):
    """What the three places have, as soon as each has a whole tick and pass that began after now."""
    began = daemon.ticks()
    daemon.wait_passes(2)
    daemon.wait_ticks(2)

    def has_it(place):
        return place.get(TICKS, {}).get((), 0) >= began + 2
    return {
        "/metrics": daemon.exposed(),
        "Pushgateway": wait_until(lambda: _when(has_it, shared_stack.pushgateway.exposed(drop=("job", "cluster"))),
                                  "the Pushgateway has it"),
        "Prometheus": wait_until(lambda: _when(has_it, _at_prometheus(shared_stack)), "Prometheus has it"),
    }


def _when(check, what):
    return what if check(what) else None


@pytest.fixture(scope="module")
def seen(shared_stack, daemon):
    """by_hand: what the commands printed; places: what each place has. The commands were taken before
    and after, and agreed."""
    since = daemon.value("slurm_exporter_history_reset_timestamp_seconds")
    before = by_hand(shared_stack.slurm, since)
    for _ in range(5):
        places = _see(shared_stack, daemon)
        after = by_hand(shared_stack.slurm, since)
        if before == after:
            return types.SimpleNamespace(by_hand=after, places=places)
        before = after
    pytest.fail("the cluster never was the same before and after a tick")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("place", PLACES)
def test_has_the_value_of_the_documented_command(seen, place, metric):
    assert seen.places[place].get(metric) == seen.by_hand[metric]


@pytest.mark.parametrize("metric", METRICS)
def test_is_not_zero_in_this_workload(seen, metric):
    assert any(value > 0 for value in seen.places["Prometheus"][metric].values())


@pytest.mark.parametrize("place", PLACES)
def test_every_partition_is_there_with_its_zeros_hidden_and_empty_ones_too(shared_stack, seen, place):
    everyone = {labels(partition=name) for name in shared_stack.slurm.partitions()}
    assert labels(partition="staff") in everyone and labels(partition="empty") in everyone
    for metric in filter(is_by_partition, METRICS):
        assert set(seen.places[place][metric]) == everyone, metric
    assert seen.places[place]["slurm_partition_nodes"][labels(partition="empty")] == 0
    assert seen.places[place]["slurm_partition_jobs"][labels(partition="staff")] > 0


def test_a_node_in_two_partitions_counts_once(shared_stack, seen):
    rows = shared_stack.slurm.lines("sinfo", "-N", "-h", "-o", "%N")
    assert len(rows) > len(set(rows)), "no node is in two partitions: this shows nothing"
    assert seen.places["Prometheus"]["slurm_nodes"][()] == len(set(rows))


def test_drain_total_counts_a_node_once(seen):
    nodes = seen.places["Prometheus"]
    parts = sum(nodes["slurm_nodes_" + state][()] for state in ("drain", "draining", "drained"))
    assert nodes["slurm_nodes_drain_total"][()] == nodes["slurm_nodes_drain"][()] < parts


def test_receivers_have_the_labels_job_and_cluster_and_no_instance(shared_stack, daemon, seen):
    found = shared_stack.prometheus.query(OURS)
    assert {one["metric"]["__name__"] for one in found} >= set(METRICS) | {TICKS}
    assert not [one for one in shared_stack.prometheus.query('{__name__=~"slurm_.*"}') if "instance" in one["metric"]]
    assert {"job": "slurm", "cluster": "tst"} in shared_stack.pushgateway.groups()


def test_metrics_are_shown_without_job_and_cluster(daemon):
    # A scraper gives them by itself.
    text = fetch(daemon.url + "/metrics")[1]
    assert "slurm_jobs" in text and "cluster=" not in text and "job=" not in text


def test_samples_have_the_time_of_their_tick(shared_stack, daemon, seen):
    name = "slurm_exporter_last_collect_timestamp_seconds"
    # Every tick here is a good one, so the value of that metric is the tick's own time.
    samples = shared_stack.prometheus.samples(name + OURS)[()]
    assert len(samples) >= 3
    assert [at for at, _ in samples] == pytest.approx([value for _, value in samples], abs=0.0006)
    times = {at for at, _ in samples}
    for metric in ("slurm_jobs", "slurm_nodes_idle", "slurm_jobs_total_completed"):
        assert {at for at, _ in shared_stack.prometheus.samples(metric + OURS)[()]} <= times


def test_a_family_has_one_name_one_type_and_a_help(daemon):
    text = fetch(daemon.url + "/metrics")[1]
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
    types_ = re.findall(r"^# TYPE (\S+) (.*)$", text, re.M)
    names = [name for name, _ in types_]
    assert len(names) == len(set(names))
    assert set(names) == set(helps) == set(parse_exposition(text))
    assert all(len(help_.split()) >= 2 for help_ in helps.values())
    assert {name: kind for name, kind in types_ if name in METRICS} == {name: "gauge" for name in METRICS}
    assert dict(types_)["slurm_exporter_errors_total"] == "counter"
    order = [line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len([a for a, b in zip([None] + order, order) if a != b]) == len(names), "families are mixed"


def test_promtool_complains_of_the_two_drain_totals_only(daemon):
    text = fetch(daemon.url + "/metrics")[1]
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
    complaints = (done.stdout + done.stderr).splitlines()
    assert sorted(line.split()[0] for line in complaints) == [
        "slurm_nodes_drain_total", "slurm_partition_nodes_drain_total"], complaints


def test_values_do_not_depend_on_who_runs_it(shared_stack, new_daemon, every_state):
    command = new_daemon({"storage": None}).command("--dry-run", "--log-level=error")

    def printed_for(user):
        return parse_exposition(shared_stack.slurm.run(*command, user=user).stdout)
    ours, others = printed_for(None), printed_for("nobody")
    for metric in METRICS:
        assert others[metric] == ours[metric], metric


def test_shipped_metrics_need_three_commands_a_tick_and_two_more_a_pass(daemon):
    def count():
        families = daemon.exposed()
        commands = families["slurm_exporter_source_commands_total"]
        history = commands.pop(labels(source="history"))
        return (families[TICKS][()], sum(commands.values()),
                families["slurm_exporter_history_passes_total"][()], history)
    ticks, commands, passes, history = count()
    daemon.wait_ticks(3)
    ticks_after, commands_after, passes_after, history_after = count()
    assert commands_after - commands == 3 * (ticks_after - ticks)
    # A pass may be under way.
    assert history_after - history <= 2 * (passes_after - passes) + 2
