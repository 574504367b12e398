# SPDX-License-Identifier: Apache-2.0
"""Everything together, for the length of a `with` block."""

import os
import shutil
import tempfile

from .database import MariaDB
from .process import Keeper
from .receivers import Prometheus, Pushgateway, VictoriaMetrics
from .slurm import SlurmCluster

DEFAULT_PARTS = ("slurm", "prometheus", "pushgateway")
_RECEIVERS = {"prometheus": Prometheus, "pushgateway": Pushgateway, "victoriametrics": VictoriaMetrics}


class Stack:
    """The parts by name: .slurm (with .database), .prometheus, .pushgateway, .victoriametrics.

    parts    which to start; the others are None
    folder   where to live; a temporary folder, removed at the end, unless given
    options  for SlurmCluster: shape, user, cluster, dbd_extra
    """

    def __init__(self, parts=DEFAULT_PARTS, folder=None, **options):
        self.parts, self.options = tuple(parts), options
        self.folder, self._keep = folder, folder is not None
        self.keeper = self.database = self.slurm = None
        self.prometheus = self.pushgateway = self.victoriametrics = None

    def __enter__(self):
        missing = missing_programs(self.parts)
        if missing:
            raise RuntimeError("not installed: %s (./dev test and ./dev demo install what they need)"
                               % ", ".join(missing))
        if os.geteuid() != 0:
            raise RuntimeError("only root can start slurmd: run as root")
        self.keeper = Keeper()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self):
        if not self._keep:
            self.folder = tempfile.mkdtemp(prefix="slurm-pusher-stack.")
            self.keeper.remove_at_end(self.folder)
        os.makedirs(os.path.join(self.folder, "log"), exist_ok=True)
        os.chmod(self.folder, 0o755)        # slurm and mysql have to get in
        starting = []
        for part in self.parts:
            if part in _RECEIVERS:
                server = _RECEIVERS[part](self.keeper, self.folder)
                setattr(self, part, server)
                server.start()
                starting.append(server)
        if "slurm" in self.parts:
            self.database = MariaDB(self.keeper, self.folder)
            self.database.start()
            self.database.ready()
            self.slurm = SlurmCluster(self.keeper, self.folder, self.database, **self.options)
            self.slurm.start()
        for server in starting:
            server.ready()

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End all of it; nothing is left running when this returns."""
        if self.keeper is not None:
            self.keeper.close()

    def environment(self):
        """What a shell needs to look at the stack."""
        found = {"STACK_DIR": self.folder}
        if self.slurm:
            found["SLURM_CONF"] = self.slurm.conf
        if self.prometheus:
            found["PROMETHEUS_URL"] = self.prometheus.url
        if self.pushgateway:
            found["PUSHGATEWAY_URL"] = self.pushgateway.url
        if self.victoriametrics:
            found["VICTORIAMETRICS_URL"] = self.victoriametrics.url
        return found


_PROGRAMS = {
    "slurm": ("munged", "mariadbd", "mariadb", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd",
              "sbatch", "sacctmgr", "sacct"),
    "prometheus": ("prometheus",),
    "pushgateway": ("prometheus-pushgateway",),
    "victoriametrics": ("victoria-metrics",),
}


def missing_programs(parts=DEFAULT_PARTS):
    from .process import PATH
    return [name for part in parts for name in _PROGRAMS[part] if not shutil.which(name, path=PATH)]
