# SPDX-License-Identifier: Apache-2.0
"""What the integration tests share. Run them with `./dev test integration`."""

import os
import sys

import pytest

_HERE = os.path.dirname(os.path.abspath(__file__))
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

from stack import Pusher, Stack     # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also run the tests marked long")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; run with --long only")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    for item in items:
        if "long" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="long: run with --long"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the logs of the stack that it used."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for name, value in getattr(item, "funcargs", {}).items():
        if isinstance(value, (Stack, Pusher)):
            report.sections.append(("logs of " + name, _logs(value.folder)))


def _logs(folder):
    ends = []
    for path, _, names in os.walk(folder):
        for name in sorted(names):
            if name == "log" or name in ("slurmctld.log", "slurmdbd.log"):
                with open(os.path.join(path, name), errors="replace") as log:
                    ends.append("--- %s\n%s" % (name, "".join(log.readlines()[-25:])))
    return "\n".join(ends)


@pytest.fixture(scope="session")
def binary():
    """Path of the slurm-pusher under test: $SLURM_PUSHER, else the dev build's."""
    path = os.environ.get("SLURM_PUSHER") or os.path.join(_HERE, "..", "build", "dev", "slurm-pusher")
    if not os.access(path, os.X_OK):
        pytest.fail("no slurm-pusher at %s: build it, or say where it is in SLURM_PUSHER" % path)
    return os.path.abspath(path)


@pytest.fixture(scope="module")
def stack():
    """A stack that the tests of one file share. It takes three seconds to start."""
    with Stack(user="slurm") as made:
        yield made


@pytest.fixture
def own_stack():
    """A stack of a test's own, to stop parts of or to fill."""
    with Stack(user="slurm") as made:
        yield made
