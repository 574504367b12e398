# SPDX-License-Identifier: Apache-2.0
"""slurm-pusher as the tests use it: configured with a dict, watched tick by tick."""

import copy
import re
import signal
import time
import urllib.request

import yaml

from stack import Pusher, wait_until
from stack.receivers import fetch, labels

_FIELD = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: |$)')
_ACCIDENT = re.compile(r"Sanitizer|runtime error:|Assertion .* failed")


def merged(base, changes):
    """A copy of a configuration with changes: mappings merge, all else is replaced; None removes."""
    made = copy.deepcopy(base)
    for key, value in changes.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = merged(made[key], value)
        else:
            made[key] = copy.deepcopy(value)
    return made


# What tests start from: as quick as can be, with nothing from /etc, and as a cluster of its own.
QUICK = {
    "global": {"scrape_interval": "1s", "external_labels": {"cluster": "{name}"}},
    "remote_write": [{"name": "prometheus", "url": "{remote_write}", "queue_config": {"max_backoff": "1s"}}],
    "pushgateway": [{"name": "pushgateway", "url": "{pushgateway}"}],
    "history": {"interval": "1s"},
    "web": {"listen_address": "127.0.0.1:{port}"},
    "storage": {"path": "{storage}"},
    "metric_files": [],
}


def parse_logfmt(line):
    """The fields of a line; raises ValueError when it is not logfmt."""
    fields, at = {}, 0
    while at < len(line):
        match = _FIELD.match(line, at)
        if not match:
            raise ValueError("not logfmt: %r" % line)
        name, value = match.groups()
        fields[name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        at = match.end()
    return fields


def request(method, url, body=None):
    """Of whom nothing but a good answer is expected."""
    data = body.encode() if body is not None else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(urllib.request.Request(url, data=data, method=method), timeout=10).close()


class Daemon(Pusher):
    """Starts with start(); whoever made it has to call end()."""

    def __init__(self, stack, binary, changes=None, prefix=(), **options):
        self.settings = merged(QUICK, changes or {})
        self.prefix = list(prefix)
        super().__init__(stack, binary, **options)
        self.write({})

    def command(self, *arguments):
        return self.prefix + super().command(*arguments)

    def started(self, timeout=30.0):
        """Start, and wait until a tick is over; itself."""
        self.start()
        self.ready(timeout)
        return self

    def end(self):
        """Stop it if it still runs; it must not have had an accident in all its life."""
        if self.process is None:
            return
        status = self.process.exit_status()
        if status is None:
            status = self.stop()
        accident = _ACCIDENT.search(self.process.log_text())
        assert not accident, self.process.log_text()[accident.start() - 300:][:3000]
        assert status == 0, "exit status %s\n%s" % (status, self.process.log_tail(30))

    def kill(self):
        """End it at once, where a good end would wait for destinations that do not answer."""
        self.process.kill()
        self.process, ended = None, self.process
        assert not _ACCIDENT.search(ended.log_text()), ended.log_tail(60)

    # what it was told

    def write(self, changes):
        """Change the configuration file."""
        self.settings = merged(self.settings, changes)
        self.configure(yaml.safe_dump(self.settings, sort_keys=False).replace("{name}", self.name))

    def reload(self, changes):
        """Change the configuration file, have it read, wait for what it says: that line of the log."""
        self.write(changes)
        mark = self.mark()
        self.process.send(signal.SIGHUP)
        return self.wait_for_log(mark, msg=re.compile("configuration reloaded|reload failed"))

    # what it does

    def value(self, name, **labels):
        """A value of its own /metrics, or None."""
        return self.exposed().get(name, {}).get(tuple(sorted(labels.items())))

    def ticks(self):
        return self.value("slurm_exporter_ticks_total") or 0

    def wait_ticks(self, count=2, timeout=30.0):
        """Until a whole tick has gone by from its start (2), or some more."""
        target = self.ticks() + count
        wait_until(lambda: self.ticks() >= target, "%d more ticks" % count, timeout, process=self.process)

    def wait_passes(self, count=2, timeout=30.0):
        """Until the history has been asked for anew, and is in /metrics."""
        name = "slurm_exporter_history_passes_total"
        target = (self.value(name) or 0) + count
        wait_until(lambda: (self.value(name) or 0) >= target, "%d more passes" % count, timeout,
                   process=self.process)

    def wait_up(self, source, up, timeout=30.0):
        wait_until(lambda: self.value("slurm_exporter_source_up", source=source) == up,
                   "source_up of %s is %d" % (source, up), timeout, process=self.process)

    def is_healthy(self, timeout=1.0):
        """Whether it says so in time; how long that took."""
        began = time.monotonic()
        try:
            status, _ = fetch(self.url + "/-/healthy", timeout)
        except OSError:
            status = None
        return status == 200, time.monotonic() - began

    # what receivers have of it, if its cluster is its name

    def at_pushgateway(self):
        """{name: {labels: value}} of its group; {} if there is none."""
        found = {}
        for name, series in self.stack.pushgateway.exposed(drop=("job",)).items():
            for key, value in series.items():
                rest = dict(key)
                if rest.pop("cluster", None) == self.name:
                    found.setdefault(name, {})[labels(**rest)] = value
        return found

    def delete_group(self):
        request("DELETE", "%s/metrics/job/slurm/cluster/%s" % (self.stack.pushgateway.url, self.name))

    def samples(self, name, **matching):
        """[(time, value), ...] that Prometheus has of a series, the last minutes'."""
        wanted = labels(cluster=self.name, **matching)
        selector = "%s{%s}" % (name, ",".join('%s="%s"' % pair for pair in wanted))
        found = self.stack.prometheus.samples(selector)
        assert len(found) <= 1, "%s is not one series" % selector
        return list(found.values())[0] if found else []

    # what it logs

    def lines(self):
        return [parse_logfmt(line) for line in self.process.log_text().splitlines()]

    def mark(self):
        """The end of the log now; for the calls below."""
        return len(self.process.log_text().splitlines())

    def logged(self, mark=0, **fields):
        """The lines after the mark that have these fields, whose values may be patterns."""
        def has(line, name, wanted):
            value = line.get(name, "")
            return wanted.search(value) if isinstance(wanted, re.Pattern) else value == wanted
        return [line for line in self.lines()[mark:]
                if all(has(line, name, wanted) for name, wanted in fields.items())]

    def wait_for_log(self, mark, timeout=30.0, **fields):
        """The first such line."""
        return wait_until(lambda: self.logged(mark, **fields), "the log says %s" % fields, timeout,
                          process=self.process)[0]
