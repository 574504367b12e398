# SPDX-License-Identifier: Apache-2.0
"""Receivers of metrics: Prometheus, Pushgateway, VictoriaMetrics; and readers of what they have.

Values come as {labels: value}, labels as the tuple that labels() makes:

    prometheus.series("slurm_partition_jobs")[labels(partition="hpc")]
"""

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

from .ports import free_port
from .process import wait_until


def labels(**names):
    """The key of a series: its labels without its name, sorted."""
    return tuple(sorted(names.items()))


def fetch(url, timeout=10.0):
    """(status, text) of a GET; an answer of any status is an answer."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=timeout) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as reply:
        return reply.code, reply.read().decode(errors="replace")


class _Server:
    """A program that listens on a port of its own, and keeps it over stop and start."""

    program = None
    health = None

    def __init__(self, keeper, folder):
        self.keeper, self.folder = keeper, folder
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def arguments(self):
        raise NotImplementedError

    def start(self):
        os.makedirs(os.path.join(self.folder, self.program), exist_ok=True)
        self.process = self.keeper.start(
            self.program, [self.program] + self.arguments(),
            log=os.path.join(self.folder, "log", self.program + ".log"))

    def ready(self, timeout=20.0):
        wait_until(self.is_ready, self.program + " is ready", timeout, process=self.process)

    def is_ready(self):
        try:
            return fetch(self.url + self.health, timeout=2)[0] == 200
        except OSError:
            return False

    def stop(self):
        return self.process.stop(grace=10)

    def _path(self, *parts):
        return os.path.join(self.folder, self.program, *parts)


class _Queryable(_Server):
    """What answers Prometheus' query API."""

    def query(self, expression, at=None):
        """The result of an instant query, as the API gives it."""
        form = {"query": expression}
        if at is not None:
            form["time"] = repr(at)
        status, text = fetch(self.url + "/api/v1/query?" + urllib.parse.urlencode(form))
        answer = json.loads(text)
        if answer["status"] != "success":
            raise RuntimeError("%s: %d: %s" % (expression, status, answer.get("error")))
        return answer["data"]["result"]

    def series(self, selector, drop=("job", "cluster"), at=None, keep_name=False):
        """{labels: value} of what the selector finds now, without the labels in `drop`."""
        return {_key(one["metric"], drop, keep_name): float(one["value"][1])
                for one in self.query(selector, at)}

    def samples(self, selector, window="10m", drop=("job", "cluster")):
        """{labels: [(time, value), ...]} as stored over the last while."""
        return {_key(one["metric"], drop): [(at, float(value)) for at, value in one["values"]]
                for one in self.query("%s[%s]" % (selector, window))}

    def names(self):
        """The names of all metrics it has."""
        return json.loads(fetch(self.url + "/api/v1/label/__name__/values")[1])["data"]


class Prometheus(_Queryable):
    program = "prometheus"
    health = "/-/ready"

    def arguments(self):
        with open(self._path("prometheus.yml"), "w") as out:
            out.write("global: {scrape_interval: 1h}\n")
        return ["--config.file=" + self._path("prometheus.yml"),
                "--storage.tsdb.path=" + self._path("data"),
                "--web.listen-address=127.0.0.1:%d" % self.port,
                "--web.enable-remote-write-receiver", "--log.level=warn"]

    @property
    def write_url(self):
        return self.url + "/api/v1/write"


class VictoriaMetrics(_Queryable):
    program = "victoria-metrics"
    health = "/health"

    def arguments(self):
        return ["-httpListenAddr=127.0.0.1:%d" % self.port, "-storageDataPath=" + self._path("data"),
                "-retentionPeriod=12", "-search.latencyOffset=0s"]

    @property
    def write_url(self):
        return self.url + "/api/v1/write"


class Pushgateway(_Server):
    program = "prometheus-pushgateway"
    health = "/-/ready"

    def arguments(self):
        # Debian's build keeps what is pushed in /var/lib otherwise, and reads it there.
        return ["--web.listen-address=127.0.0.1:%d" % self.port, "--persistence.file=",
                "--log.level=warn"]

    def exposed(self, drop=("job", "cluster", "instance")):
        """{name: {labels: value}} of its /metrics, what was pushed and what is its own."""
        return parse_exposition(fetch(self.url + "/metrics")[1], drop)

    def series(self, name, drop=("job", "cluster", "instance")):
        return self.exposed(drop).get(name, {})

    def groups(self):
        """The labels of every group that it holds, by its API."""
        answer = json.loads(fetch(self.url + "/api/v1/metrics")[1])
        return [group["labels"] for group in answer["data"]]


def _key(found, drop, keep_name=False):
    return tuple(sorted((name, value) for name, value in found.items()
                        if (keep_name or name != "__name__") and name not in drop and value != ""))


_SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$')
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?')
_ESCAPE = re.compile(r"\\(.)")


def parse_exposition(text, drop=()):
    """{name: {labels: value}} of Prometheus' text format; raises ValueError at a line that is none."""
    families = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _SAMPLE.match(line)
        if not match:
            raise ValueError("not a sample: %r" % line)
        name, inside, value = match.groups()
        found = {key: _ESCAPE.sub(lambda m: {"n": "\n"}.get(m.group(1), m.group(1)), escaped)
                 for key, escaped in _LABEL.findall(inside or "")}
        families.setdefault(name, {})[_key(found, drop)] = float(value)
    return families
