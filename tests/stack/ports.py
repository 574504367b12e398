# SPDX-License-Identifier: Apache-2.0
"""Free TCP ports.

They are taken from below the range that the kernel hands to outgoing connections, so that a
port stays free while its server is stopped and started again.
"""

import random
import socket

_LOWEST, _HIGHEST = 12000, 32000
_given = set()


def _is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def free_port():
    """A port that nobody listens on, never the same one twice in this process."""
    for _ in range(1000):
        port = random.randrange(_LOWEST, _HIGHEST)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError("no free port between %d and %d" % (_LOWEST, _HIGHEST))


def free_ports(count):
    return [free_port() for _ in range(count)]
