# SPDX-License-Identifier: Apache-2.0
"""A machine with systemd as PID 1, thrown away at the end; and a Slurm with receivers on it.

The machine is a systemd-nspawn container. Its files are those of this system, so all that is
installed here is installed there too, but whatever it writes stays in its memory; /var, /etc/slurm
and a few other places begin empty, and no service starts that nobody asked for. Its network is a
loopback of its own, so every program can have the port that it has by default.

    with Machine() as machine:
        cluster = Cluster(machine)
        machine.run("systemctl", "status", "munge").stdout
        machine.inside(fetch, "http://127.0.0.1:9091/metrics")
"""

import concurrent.futures
import ctypes
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile

from stack import wait_until
from stack.process import PATH, Keeper

_SIOCSIFADDR = 0x8916

# Runs in a mount namespace of its own, so all that it mounts is gone with the machine. In a chroot
# "/" is no mount point, which systemd-nspawn needs it to be. The machine's control
# group is not below ours: another machine may be there already.
_BOOT = r"""
set -eu
if ! mountpoint -q /; then
	mount --rbind / /mnt
	exec chroot /mnt sh -c "$BOOT" boot "$@"
fi
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/root
mount --bind / /run/root
cd /run
od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >machine-id
echo >>machine-id
echo "127.0.0.1 localhost machine" >hosts
umount --recursive /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$GROUP"
echo $$ >"/sys/fs/cgroup/$GROUP/cgroup.procs"
for hidden in /etc/systemd/system /etc/init.d /etc/slurm /etc/munge /etc/prometheus /etc/slurm-pusher; do
	set -- "$@" --tmpfs="$hidden:mode=0755"
done
exec env SYSTEMD_NSPAWN_TMPFS_TMP=0 systemd-nspawn --quiet --boot --directory=/run/root \
	--volatile=overlay --machine=machine --register=no --keep-unit --private-network \
	--resolv-conf=off --console=pipe --bind-ro=/run/machine-id:/etc/machine-id \
	--bind-ro=/run/hosts:/etc/hosts --bind-ro=/dev/null:/etc/fstab \
	--tmpfs=/tmp:mode=1777 --tmpfs=/var:mode=0755,size=2G "$@" \
	-- systemd.unit=multi-user.target systemd.hostname=machine \
	systemd.mask=systemd-machine-id-commit.service
"""


class Machine:
    """binds   folders of this system that are there to be read and written"""

    def __init__(self, binds=()):
        self.binds = [os.path.abspath(folder) for folder in binds]
        self.keeper = self.process = self.leader = self._network = None

    def __enter__(self):
        missing = [name for name in ("systemd-nspawn", "nsenter", "unshare") if not shutil.which(name)]
        assert not missing, "%s not found; apt-get install systemd-container util-linux" % " ".join(missing)
        assert os.geteuid() == 0, "only root can boot a machine"
        self.keeper = Keeper()
        try:
            self._boot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._network:
            self._network.shutdown()
        self.keeper.close()

    def _boot(self):
        folder = tempfile.mkdtemp(prefix="slurm-pusher-machine.")
        self.keeper.remove_at_end(folder)
        group = os.path.basename(folder)
        for mount in _cgroup_mounts():
            self.keeper.remove_at_end(os.path.join(mount, group))
        self.process = self.keeper.start(
            "machine",
            ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", _BOOT, "boot"]
            + ["--bind=" + bind for bind in self.binds],
            log=os.path.join(folder, "console"),
            env={"PATH": PATH, "LC_ALL": "C", "BOOT": _BOOT, "GROUP": group})
        wait_until(self._is_up, "the machine has booted", 60, process=self.process)
        self._network = concurrent.futures.ThreadPoolExecutor(
            1, initializer=_enter_network, initargs=(self.leader,))
        self.inside(_add_address)

    def _is_up(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as children:
            self.leader = int((children.read().split() or [0])[0])
        return self.leader and self.run(
            "systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def run(self, *command, check=True, timeout=60, input=None):
        """Run a command on the machine; a CompletedProcess. With `check` a failure raises."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.leader), "-a", "-r", "-w", *map(str, command)], text=True, timeout=timeout,
            input="" if input is None else input, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": PATH, "LC_ALL": "C", "SBATCH_OUTPUT": "/dev/null"})
        if check and done.returncode != 0:
            raise RuntimeError("%s: exit %d: %s%s" % (
                " ".join(map(str, command)), done.returncode, done.stdout, done.stderr))
        return done

    def write(self, path, text):
        """Write a file, and its folder if there is none."""
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path, input=text)

    def inside(self, function, *arguments, **options):
        """Call the function with the machine's network in place of ours."""
        return self._network.submit(function, *arguments, **options).result()

    def systemctl(self, *words, **options):
        return self.run("systemctl", *words, **options)

    def properties(self, unit):
        """{name: value} of a unit, as `systemctl show` has them."""
        lines = self.systemctl("show", unit).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def journal(self, unit):
        """What the unit's processes have said since the boot, oldest first: the journal's fields."""
        lines = self.run("journalctl", "-u", unit, "-o", "json", "--no-pager").stdout.splitlines()
        return [json.loads(line) for line in lines]


def _enter_network(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/%d/ns/net" % pid) as namespace:
        assert libc.setns(namespace.fileno(), 0) == 0, os.strerror(ctypes.get_errno())


def _add_address(address="10.0.0.1"):
    """Give the loopback one more address: with only 127.0.0.1, getaddrinfo() does not tell slurmdbd
    where to listen (AI_ADDRCONFIG)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        fcntl.ioctl(asker, _SIOCSIFADDR, struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0,
                                                     socket.inet_aton(address)))


def _cgroup_mounts():
    with open("/proc/self/mountinfo") as mounts:
        return [line.split()[4] for line in mounts if " - cgroup2 " in line]


# What is installed is configured here as an administrator would, with each service as its package has it.
_FILES = {
    "/etc/slurm/slurm.conf": """\
ClusterName=tst
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=slurm
AuthType=auth/munge
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
StateSaveLocation=/var/lib/slurm/slurmctld
SlurmdSpoolDir=/var/lib/slurm/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0
MessageTimeout=3
ReturnToService=2
MailProg=/bin/true
NodeName=machine NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000
NodeName=gone[1-3] NodeAddr=127.0.0.1 Port=6999 CPUs=4 RealMemory=1000 State=DOWN
PartitionName=main Nodes=machine,gone[1-2] Default=YES State=UP
PartitionName=rest Nodes=machine,gone3 State=UP
""",
    "/etc/slurm/slurmdbd.conf": """\
AuthType=auth/munge
DbdHost=localhost
SlurmUser=slurm
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm
PidFile=/run/slurmdbd.pid
""",
    "/etc/default/slurmd": "SLURMD_OPTIONS=\"-N machine\"\n",
    "/etc/mysql/conf.d/machine.cnf": """\
[mysqld]
skip-networking
datadir=/var/lib/mysql
innodb-flush-log-at-trx-commit=0
innodb-lock-wait-timeout=900
""",
    "/etc/prometheus/prometheus.yml": "global: {scrape_interval: 1h}\n",
    "/etc/default/prometheus":
        "ARGS=\"--web.enable-remote-write-receiver --web.listen-address=127.0.0.1:9090\"\n",
    # In a chroot nobody can make a user namespace.
    "/etc/systemd/system/prometheus.service.d/chroot.conf": "[Service]\nPrivateUsers=no\n",
    "/etc/default/prometheus-pushgateway": "ARGS=\"--web.listen-address=127.0.0.1:9091\"\n",
}
_PREPARE = """
folder() { install -d -o "$1" -g "$1" -m "$2" "$3"; }
folder munge 700 /var/lib/munge
folder munge 700 /var/log/munge
folder mysql 755 /var/lib/mysql
folder prometheus 755 /var/lib/prometheus
folder slurm 755 /var/lib/slurm
folder slurm 755 /var/lib/slurm/slurmctld
folder root 755 /var/lib/slurm/slurmd
folder slurm 755 /var/log/slurm
chown slurm: /etc/slurm/slurmdbd.conf
chmod 600 /etc/slurm/slurmdbd.conf
case $(slurmctld -V) in *" 22.05"*) plugin=cgroup/v1 ;; *) plugin=disabled ;; esac
echo "CgroupPlugin=$plugin" >/etc/slurm/cgroup.conf
head -c 128 /dev/urandom >/etc/munge/munge.key
chown munge: /etc/munge /etc/munge/munge.key
chmod 400 /etc/munge/munge.key
mariadb-install-db --user=mysql --datadir=/var/lib/mysql --auth-root-authentication-method=socket
systemctl daemon-reload
systemctl start munge mariadb prometheus prometheus-pushgateway
mariadb -e "CREATE DATABASE slurm; CREATE USER slurm@localhost IDENTIFIED VIA unix_socket;
	GRANT ALL ON slurm.* TO slurm@localhost"
systemctl start slurmdbd
"""


class Cluster:
    """A Slurm of one real node and three that are down; run() and partitions() as SlurmCluster's."""

    def __init__(self, machine):
        self.machine, self.run = machine, machine.run
        for path, text in _FILES.items():
            machine.write(path, text)
        machine.run("sh", "-euc", _PREPARE)
        wait_until(lambda: self._works("sacctmgr", "-n", "show", "cluster"), "slurmdbd answers", 30)
        machine.run("sacctmgr", "-i", "add", "cluster", "tst")
        machine.systemctl("start", "slurmctld", "slurmd")
        wait_until(lambda: self.node_state() == "idle", "the node is idle", 30)

    def _works(self, *command):
        return self.run(*command, check=False).returncode == 0

    def node_state(self):
        return self.run("sinfo", "-h", "-p", "main", "-n", "machine", "-o", "%T", check=False).stdout.strip()

    def partitions(self):
        return ["main", "rest"]

    def submit(self, script, *words):
        """The id of the job."""
        return self.run("sbatch", "--parsable", *words, "--wrap", script).stdout.strip()

    def finish(self, *jobs):
        """Wait until these jobs have ended, and slurmdbd knows it."""
        def all_ended():
            lines = self.run("sacct", "-X", "-n", "-o", "End", "-j", ",".join(jobs)).stdout.split()
            return len(lines) == len(jobs) and "Unknown" not in lines
        wait_until(all_ended, "jobs %s have ended" % ", ".join(jobs), 30)
