# SPDX-License-Identifier: Apache-2.0
"""MariaDB in a folder of its own, reached through a socket only."""

import os
import shutil
import subprocess

from .process import PATH, wait_until


class MariaDB:
    def __init__(self, keeper, folder):
        self.keeper, self.folder = keeper, folder
        self.data = os.path.join(folder, "mysql")
        # Made by the server, which is not root: in its own folder.
        self.socket = os.path.join(self.data, "mysql.sock")
        self.temporary = os.path.join(folder, "mysql-tmp")
        self.log = os.path.join(folder, "log", "mariadbd.log")
        self.process = None

    def start(self):
        """Make the data folder if there is none, and start; ready() waits."""
        if not os.path.isdir(os.path.join(self.data, "mysql")):
            for path in (self.data, self.temporary):
                os.makedirs(path, exist_ok=True)
                shutil.chown(path, "mysql", "mysql")
            install = self.keeper.start(
                "mariadb-install-db",
                ["mariadb-install-db", "--no-defaults", "--user=mysql", "--datadir=" + self.data,
                 "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"],
                log=self.log)
            if install.wait(60) != 0:
                raise RuntimeError("mariadb-install-db failed\n" + install.log_tail())
        self.process = self.keeper.start(
            "mariadbd",
            ["/usr/sbin/mariadbd", "--no-defaults", "--skip-networking", "--datadir=" + self.data,
             "--tmpdir=" + self.temporary, "--socket=" + self.socket,
             "--pid-file=" + self.data + "/mariadbd.pid",
             "--innodb-buffer-pool-size=512M", "--innodb-log-file-size=128M",
             "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0",
             "--innodb-lock-wait-timeout=900", "--max-allowed-packet=64M"],
            log=self.log, user="mysql")

    def ready(self):
        wait_until(self._answers, "MariaDB answers", process=self.process)

    def stop(self):
        return self.process.stop(grace=30)

    def _answers(self):
        if not os.path.exists(self.socket):
            return False
        return self._client("SELECT 1", check=False).returncode == 0

    def _client(self, sql, database="", check=True):
        return subprocess.run(
            ["mariadb", "--no-defaults", "--socket=" + self.socket, "--user=root", "--batch",
             "--skip-column-names", database],
            input=sql, text=True, check=check, capture_output=True, env={"PATH": PATH, "LC_ALL": "C"})

    def query(self, sql, database="slurm"):
        """Run SQL; the rows as lists of text."""
        result = self._client(sql, database, check=False)
        if result.returncode != 0:
            raise RuntimeError("SQL: " + result.stderr.strip())
        return [line.split("\t") for line in result.stdout.splitlines()]
