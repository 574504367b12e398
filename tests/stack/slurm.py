# SPDX-License-Identifier: Apache-2.0
"""A Slurm cluster with accounting: munged, slurmdbd, slurmctld and one slurmd per real node."""

import collections
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

from .keeper import descendants
from .ports import free_port
from .process import PATH, accepts, wait_until
from .shape import default_shape

_CONF = """\
ClusterName={cluster}
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={slurmctld_port}
SlurmdPort={dead_port}
SlurmUser={user}
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={munge}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={slurmdbd_port}
AccountingStoragePass={munge}
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmdSpoolDir={folder}/spool/%n
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters={scheduling}
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
SuspendTime=86400
SuspendProgram=/bin/true
ResumeProgram=/bin/true
ResumeTimeout=65000
{suspend_exceptions}
PrivateData=cloud
MaxJobCount=200000
MaxArraySize=100001
MinJobAge=600
KillWait=2
ReturnToService=1
MailProg=/bin/true
Epilog={folder}/epilog
{extra}
{nodes}
{partitions}
"""

_DBD_CONF = """\
AuthType=auth/munge
AuthInfo=socket={munge}
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={slurmdbd_port}
SlurmUser={user}
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm
PidFile={folder}/run/slurmdbd.pid
DebugLevel=info
{extra}
"""

# A file of the node's name holds its jobs in COMPLETING: see SlurmCluster.hold_epilog.
_EPILOG = """\
#!/bin/sh
while [ -e "{folder}/hold/$SLURMD_NODENAME" ]; do sleep 0.1; done
"""


class SlurmCluster:
    """Started with start(); then run() runs commands on it.

    conf    path of slurm.conf
    env     an environment for commands and for whoever looks at this cluster
    """

    def __init__(self, keeper, folder, database, shape=None, user="root", cluster="tst", dbd_extra=""):
        self.keeper, self.folder, self.database = keeper, folder, database
        self.shape = shape or default_shape()
        self.user, self.cluster, self.dbd_extra = user, cluster, dbd_extra
        self.conf = os.path.join(folder, "slurm.conf")
        self.munge_socket = os.path.join(folder, "munge", "socket")
        self.env = {"PATH": PATH, "LC_ALL": "C", "SLURM_CONF": self.conf,
                    "SBATCH_OUTPUT": "/dev/null"}       # jobs leave no files where they are submitted
        self.slurmctld_port, self.slurmdbd_port = free_port(), free_port()
        self.dead_port = free_port()                            # of nodes without a slurmd
        self.slurmd_ports = collections.defaultdict(free_port)  # by node
        self.munged = self.slurmdbd = self.slurmctld = None
        self.slurmds = {}
        self._complaint = ""

    # start and stop

    def start(self):
        self.write_files()
        self._start_munged()
        # slurmdbd would make it too, but goes on with a connection that was refused once, which
        # some client libraries then do not serve.
        self.database.query("CREATE DATABASE IF NOT EXISTS slurm", database="")
        self.start_slurmdbd()
        self.run("sacctmgr", "-i", "add", "cluster", self.cluster)
        self.start_slurmctld()
        for node in self.real_nodes():
            self.start_slurmd(node)
        self.wait_for_nodes(self.real_nodes())

    def _start_munged(self):
        key = os.path.join(self.folder, "munge", "key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
            out.write(os.urandom(128))
        self.munged = self.keeper.start(
            "munged",
            ["munged", "--foreground", "--key-file=" + key, "--socket=" + self.munge_socket,
             "--pid-file=" + self._path("munge", "pid"), "--log-file=" + self._path("munge", "log"),
             "--seed-file=" + self._path("munge", "seed"), "--num-threads=4"],
            log=self._path("log", "munged.out"))
        wait_until(lambda: os.path.exists(self.munge_socket), "munged listens", process=self.munged)

    def start_slurmdbd(self, timeout=30.0):
        self.slurmdbd = self.keeper.start(
            "slurmdbd", ["slurmdbd", "-D"], log=self._path("log", "slurmdbd.log"), user=self._daemon_user(),
            env=dict(self.env, MYSQL_UNIX_PORT=self.database.socket,
                     MARIADB_UNIX_PORT=self.database.socket))
        wait_until(lambda: accepts(self.slurmdbd_port) and self._ok("sacctmgr", "-n", "show", "cluster"),
                   "slurmdbd answers", timeout, process=self.slurmdbd, hint=lambda: self._complaint)

    def stop_slurmdbd(self):
        return self.slurmdbd.stop(grace=30)

    def start_slurmctld(self, timeout=60.0):
        self.slurmctld = self.keeper.start(
            "slurmctld", ["slurmctld", "-D"], log=self._path("log", "slurmctld.log"),
            user=self._daemon_user(), env=self.env)
        wait_until(lambda: accepts(self.slurmctld_port) and self._ok("scontrol", "ping"),
                   "slurmctld answers", timeout, process=self.slurmctld, hint=lambda: self._complaint)

    def stop_slurmctld(self):
        return self.slurmctld.stop(grace=30)

    def start_slurmd(self, node):
        self.slurmds[node] = self.keeper.start(
            "slurmd-" + node, ["slurmd", "-D", "-N", node], log=self._path("log", "slurmd.%s.log" % node),
            env=self.env)

    def stop_slurmd(self, node):
        return self.slurmds.pop(node).stop(grace=10)

    def kill_slurmd(self, node):
        """As if the node had lost its power: the daemon and every step on it are gone."""
        self.slurmds.pop(node).kill()
        steps = list(self._steps_of(node))
        lost = steps + [pid for step in steps for pid in descendants(step)]
        for number in (signal.SIGSTOP, signal.SIGKILL):     # so that no step tells how its job ended
            for pid in lost:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass

    def _steps_of(self, node):
        """The processes that watch the steps of a node's jobs: each has a socket in its folder."""
        for name in os.listdir(self._path("spool", node)):
            if not re.match(re.escape(node) + r"_\d+\.\d+", name):
                continue
            with socket.socket(socket.AF_UNIX) as step:
                try:
                    step.connect(self._path("spool", node, name))
                except OSError:
                    continue
                credentials = step.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                yield struct.unpack("3i", credentials)[0]

    def wait_for_nodes(self, names, timeout=60.0):
        """Wait until these nodes are up and answer."""
        names = set(names)

        def all_answer():
            states = {name: node["State"] for name, node in self.nodes().items() if name in names}
            return states and not any(
                flag in state for state in states.values()
                for flag in ("DOWN", "UNKNOWN", "NOT_RESPONDING", "INVAL"))
        wait_until(all_answer, "all of %s answer" % ", ".join(sorted(names)), timeout, every=0.1,
                   process=self.slurmctld)

    # commands

    def run(self, *command, check=True, timeout=120, user=None, env=None, text=True, input=None):
        """Run a command on the cluster; a CompletedProcess. With `check` a failure raises."""
        done = subprocess.run(
            [str(word) for word in command], env=dict(self.env, **(env or {})), timeout=timeout,
            user=user, group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None, text=text, input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/")
        if check and done.returncode != 0:
            raise RuntimeError("%s: exit %d: %s" % (
                " ".join(map(str, command)), done.returncode, done.stderr))
        return done

    def lines(self, *command, **options):
        return self.run(*command, **options).stdout.splitlines()

    def _ok(self, *command):
        done = self.run(*command, check=False)
        self._complaint = done.stderr
        return done.returncode == 0

    def version(self):
        """(22, 5) and so on."""
        words = re.findall(r"\d+", self.run("slurmctld", "-V").stdout)
        return int(words[0]), int(words[1])

    # what is there

    def real_nodes(self):
        return ["r%d" % (i + 1) for i in range(self.shape.real)]

    def nodes(self):
        """{name: {key: value}} of all nodes; values up to the first blank only."""
        found = {}
        for line in self.lines("scontrol", "show", "nodes", "-o", "-a"):
            fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if "NodeName" in fields:
                found[fields["NodeName"]] = fields
        return found

    def partitions(self):
        return [partition.name for partition in self.shape.partitions]

    def job_states(self):
        """{job id: state} of every record that slurmctld holds; ids as 12, 12_3, 12_[4-9]."""
        rows = self.lines("squeue", "-h", "-a", "-t", "all", "--local", "-o", "%i|%T",
                          env={"SLURM_BITSTR_LEN": "0"})
        return dict(row.split("|", 1) for row in rows)

    def wait_for_job(self, job, *states, timeout=30.0):
        """Wait until the job (or array task) is in one of the states."""
        return wait_until(lambda: self.job_states().get(str(job)) in states,
                          "job %s is %s" % (job, " or ".join(states)), timeout, every=0.1,
                          process=self.slurmctld)

    def settle(self, timeout=60.0):
        """Wait until slurmctld has handed all it knows to slurmdbd, and slurmdbd has written it."""
        # A job that ends before slurmdbd knows of its start is first a row without a partition.
        half_known = "SELECT COUNT(*) FROM %s_job_table WHERE `partition`=''" % self.cluster

        def all_sent():
            for line in self.lines("sdiag"):
                if line.startswith("DBD Agent queue size:"):
                    return int(line.split(":")[1]) == 0 and self.database.query(half_known) == [["0"]]
            return False
        wait_until(all_sent, "slurmdbd has everything", timeout, every=0.1)
        time.sleep(0.2)
        wait_until(all_sent, "slurmdbd has everything", timeout, every=0.1)

    def hold_epilog(self, node):
        """Jobs that end on this node stay COMPLETING until release_epilog()."""
        with open(self._path("hold", node), "w"):
            pass

    def release_epilog(self, node):
        try:
            os.unlink(self._path("hold", node))
        except FileNotFoundError:
            pass

    def reconfigure(self, shape=None):
        """Write the files anew, for another shape if one is given, and have slurmctld read them."""
        self.shape = shape or self.shape
        self.write_files()
        self.run("scontrol", "reconfigure")

    # files

    def write_files(self):
        for name in ("log", "run", "spool", "munge", "hold", "state"):
            os.makedirs(self._path(name), exist_ok=True)
        for name in ("state", "run"):
            shutil.chown(self._path(name), self.user)
        words = {"cluster": self.cluster, "folder": self.folder, "user": self.user,
                 "munge": self.munge_socket, "slurmctld_port": self.slurmctld_port,
                 "slurmdbd_port": self.slurmdbd_port}
        self._write("slurmdbd.conf", _DBD_CONF.format(extra=self.dbd_extra, **words), 0o600, self.user)
        self._write("cgroup.conf", self._cgroup_conf(), 0o644)
        self._write("epilog", _EPILOG.format(**words), 0o755)
        self._write("slurm.conf", _CONF.format(
            dead_port=self.dead_port, scheduling=self.shape.scheduling, extra=self.shape.extra,
            suspend_exceptions=self._suspend_exceptions(), nodes="\n".join(self._node_lines()),
            partitions="\n".join(self._partition_lines()), **words), 0o644)

    def _node_lines(self):
        common = "NodeAddr=127.0.0.1 CPUs=%d RealMemory=100000" % self.shape.cpus
        for node in self.real_nodes():
            yield "NodeName=%s NodeHostName=%s Port=%d %s" % (node, node, self.slurmd_ports[node], common)
        for letter, count, state in (("d", self.shape.fake, "DOWN"), ("c", self.shape.cloud, "CLOUD"),
                                     ("x", self.shape.loose, "DOWN")):
            if count:
                yield "NodeName=%s Port=%d %s State=%s" % (
                    _names(letter, count), self.dead_port, common, state)

    def _partition_lines(self):
        for partition in self.shape.partitions:
            line = "PartitionName=" + partition.name
            if partition.nodes:
                line += " Nodes=" + partition.nodes
            yield (line + " State=UP MaxTime=INFINITE " + partition.options).rstrip()

    def _suspend_exceptions(self):
        names = [_names(letter, count) for letter, count in
                 (("r", self.shape.real), ("d", self.shape.fake), ("x", self.shape.loose)) if count]
        return "SuspendExcNodes=" + ",".join(names)

    def _cgroup_conf(self):
        found = subprocess.run(["slurmctld", "-V"], text=True, stdout=subprocess.PIPE,
                               env={"PATH": PATH}).stdout
        return "" if found.split()[1].startswith("22.05") else "CgroupPlugin=disabled\n"

    def _daemon_user(self):
        return None if self.user == "root" else self.user

    def _path(self, *parts):
        return os.path.join(self.folder, *parts)

    def _write(self, name, text, mode, owner="root"):
        path = self._path(name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as out:
            out.write(text)
        os.chmod(path, mode)
        shutil.chown(path, owner)


def _names(letter, count):
    return "%s1" % letter if count == 1 else "%s[1-%d]" % (letter, count)
