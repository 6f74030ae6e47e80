"""Slurm with accounts in a database, where nobody may compute but on one of them."""

from __future__ import annotations

import getpass
import subprocess

from cluster import Cluster, free_ports, up

PACKAGES = ("slurmdbd", "mariadb-server-core", "mariadb-client-core")
ACCOUNT = "lab"
CONF = """\
DbdHost=localhost
DbdPort={port}
CommunicationParameters=NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser={user}
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database}
StorageUser=slurm
StoragePass=of-a-test
StorageLoc=slurm
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
"""
GRANT = "create user slurm@{host} identified by 'of-a-test'; grant all on slurm.* to slurm@{host};"


class AccountedCluster(Cluster):
    """A cluster that keeps accounts."""

    programs = (*Cluster.programs, "slurmdbd", "mariadbd")

    def accounting(self) -> str:
        self.port, self.database = free_ports(2)
        return (
            "AccountingStorageType=accounting_storage/slurmdbd\n"
            f"AccountingStorageHost=localhost\nAccountingStoragePort={self.port}\n"
            f"AccountingStoragePass={self.folder}/munge.socket\n"
            "AccountingStorageEnforce=associations,limits"
        )

    def account(self) -> None:
        """Start MariaDB and slurmdbd, make the account and enter this user."""
        user, data, socket = getpass.getuser(), self.folder / "database", self.folder / "db.socket"
        own = ("--no-defaults", f"--user={user}", f"--datadir={data}")
        made = ("--auth-root-authentication-method=normal", "--skip-test-db")
        subprocess.run(["mariadb-install-db", *own, *made], check=True, capture_output=True)
        listens = (f"--port={self.database}", "--bind-address=127.0.0.1", f"--socket={socket}")
        self.begin("mariadbd", "mariadbd", *own, *listens, f"--pid-file={self.folder}/db.pid")
        client = ("mariadb", "--no-defaults", f"--socket={socket}", "--user=root")
        up(
            lambda: subprocess.run([*client, "-e", ""], capture_output=True).returncode == 0,
            "MariaDB",
        )
        grants = "".join(GRANT.format(host=host) for host in ("localhost", "'127.0.0.1'"))
        subprocess.run([*client, "-e", grants], check=True)
        conf = self.folder / "slurmdbd.conf"
        conf.write_text(
            CONF.format(folder=self.folder, user=user, port=self.port, database=self.database)
        )
        conf.chmod(0o600)
        self.begin("slurmdbd", "slurmdbd", "-D")
        up(lambda: "Cluster" in self.call("sacctmgr", "show", "cluster", check=False), "slurmdbd")
        for words in (("cluster", "relearn"), ("account", ACCOUNT)):
            self.call("sacctmgr", "-i", "add", *words)
        self.call("sacctmgr", "-i", "add", "user", user, f"Account={ACCOUNT}")
