# SPDX-License-Identifier: Apache-2.0
"""What the tests of slurm-pusher share: one stack for all of them, and daemons that end with them."""

import itertools
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from daemon import Daemon                       # noqa: E402
from stack import Stack, workload               # noqa: E402

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    """First what looks at every state at once: slurmctld forgets ended jobs after ten minutes, and
    tells slurmdbd again what it knows when either was stopped."""
    items.sort(key=lambda item: (item.module.__name__ != "test_values", "every_state" not in item.fixturenames))


@pytest.fixture(scope="session")
def shared_stack():
    with Stack(user="slurm") as made:
        yield made


@pytest.fixture(scope="session")
def every_state(shared_stack):
    """What workload.every_state() made."""
    return workload.every_state(shared_stack.slurm)


def _daemons(stack, binary):
    made = []

    def make(changes=None, **options):
        daemon = Daemon(stack, binary, changes, name="pusher-%d" % next(_numbers), **options)
        made.append(daemon)
        return daemon
    yield make
    for daemon in made:
        daemon.end()


@pytest.fixture
def new_daemon(shared_stack, binary):
    """Makes daemons: new_daemon(changes).start(). They end with the test, and must end well."""
    yield from _daemons(shared_stack, binary)


@pytest.fixture(scope="module")
def new_shared_daemon(shared_stack, binary):
    """The same, for as long as the tests of a file."""
    yield from _daemons(shared_stack, binary)
