"""The proxy of deploy/Caddyfile, on loopback only."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import Server
from postgres import DEPLOY, own_environment

ROOT_OF_TRUST = "caddy/pki/authorities/local/root.crt"


@contextmanager
def proxy(server: Server, folder: Path) -> Iterator[Path]:
    """Serve `https://` and the server's name; yield the certificate to trust."""
    caddy = shutil.which("caddy")
    assert caddy, "caddy is missing: install it (Debian: apt install caddy)"
    variables = own_environment() | {
        "NAME": server.name,
        "UPSTREAM": server.address.removeprefix("http://"),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    adapt = [caddy, "adapt", "--config", DEPLOY / "Caddyfile", "--adapter", "caddyfile"]
    config = json.loads(subprocess.run(adapt, env=variables, capture_output=True).stdout)
    (site,) = config["apps"]["http"]["servers"].values()
    port = int(server.name.partition(":")[2])
    assert site["listen"] == [f":{port}"]
    site["listen"] = [f"127.0.0.1:{port}"]
    site["automatic_https"] = {"disable_redirects": True}  # else it takes port 80 as well
    (folder / "caddy.json").write_text(json.dumps(config))
    with open(folder / "said", "w") as said:
        process = subprocess.Popen(
            [caddy, "run", "--config", folder / "caddy.json"],
            env=variables,
            stdout=said,
            stderr=said,
        )
    try:
        until = time.monotonic() + 60
        while not (folder / ROOT_OF_TRUST).exists() or not taken(port):
            said = (folder / "said").read_text()
            assert process.poll() is None and time.monotonic() < until, said
            time.sleep(0.1)
        yield folder / ROOT_OF_TRUST
    finally:
        process.terminate()
        process.wait(30)


def taken(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def answer(server: Server, trusted: os.PathLike) -> str:
    """Return the first line of the answer to a GET by TLS, the certificate checked."""
    name, _, port = server.name.partition(":")
    context = ssl.create_default_context(cafile=trusted)
    with (
        socket.create_connection(("127.0.0.1", int(port)), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=name) as way,
    ):
        way.sendall(f"GET /health HTTP/1.1\r\nHost: {server.name}\r\n\r\n".encode())
        return way.recv(4096).decode().splitlines()[0]
