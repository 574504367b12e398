# SPDX-License-Identifier: Apache-2.0
"""python3 -m stack up [--dir D] [--user slurm] [--nodes N --partitions P] [--states]

Brings a stack up, prints what a shell needs to use it, and keeps it until
interrupted. Run with PYTHONPATH=tests.
"""

import argparse
import signal
import sys
import time

from . import Stack, default_shape, sized_shape, workload
from .stack import DEFAULT_PARTS


def main():
    parser = argparse.ArgumentParser(prog="python3 -m stack", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["up"])
    parser.add_argument("--dir", help="live in this folder, and leave it behind")
    parser.add_argument("--user", default="root", help="SlurmUser")
    parser.add_argument("--nodes", type=int, help="a cluster of that many nodes")
    parser.add_argument("--partitions", type=int, default=3, help="and that many partitions")
    parser.add_argument("--parts", default=",".join(DEFAULT_PARTS))
    parser.add_argument("--states", action="store_true", help="bring it into every state first")
    given = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    shape = sized_shape(given.nodes, given.partitions) if given.nodes else default_shape()
    try:
        with Stack(given.parts.split(","), folder=given.dir, shape=shape, user=given.user) as stack:
            if given.states:
                print("# " + str(workload.every_state(stack.slurm)), file=sys.stderr)
            for name, value in stack.environment().items():
                print("export %s='%s'" % (name, value))
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
