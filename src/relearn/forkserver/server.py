"""The process of which a build's jobs are forked: server.py SOCKET, until its standard input ends.

It learns what to import from the jobs themselves: one that ends tells which modules it had to load,
and the next script of the same name is forked of a process that has them. It never imports a module
of which no job has shown the need, so a small build is not slowed down.
"""

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import sys
import traceback
from typing import NamedTuple

REFUSED = b"n"  # as in client.py, which imports nothing of ours
PATIENCE = 10.0  # seconds for a request to arrive whole


class Request(NamedTuple):
    """What a client wants: a command in a folder, with its variables and standard streams."""

    folder: str
    command: list[str]
    variables: dict[str, str]
    streams: list[int]

    @property
    def script(self) -> str:
        """The script's own name, of which Snakemake makes tmpabcdefgh.NAME.py."""
        return os.path.basename(self.command[1]).split(".", 1)[-1]

    def fits(self) -> bool:
        """Tell whether this process would be as the command's own.

        It has to be a script for the same Python, with the variables that Python and numerical
        libraries read but once, when they start.
        """
        early = [_read_early(variables) for variables in (self.variables, os.environ)]
        same = self.command[0] == sys.executable and early[0] == early[1]
        return same and len(self.command) > 1 and self.command[1].endswith(".py")


def _read_early(variables) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name.startswith("PYTHON") or name.endswith("_THREADS")
    }


def receive(client: socket.socket) -> Request:
    """Read one request. Raises OSError or ValueError if it does not arrive whole."""
    client.settimeout(PATIENCE)
    size, streams, _, _ = socket.recv_fds(client, 4, 3)
    with client.makefile("rb") as stream:
        content = stream.read(int.from_bytes(size, "big")).decode(errors="surrogateescape")
    client.settimeout(None)
    folder, count, *words = content.split("\0")
    command, variables = words[: int(count)], words[int(count) :]
    return Request(folder, command, dict(each.split("=", 1) for each in variables), streams)


class Teacher:
    """Carries from the jobs to the server which modules a script needs."""

    def __init__(self) -> None:
        self._server, self._jobs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self._server, self._jobs):
            end.setblocking(False)
        self._wanted: dict[str, list[str]] = {}
        self.may_fork = True

    def tell(self, script: str, loaded: list[str]) -> None:
        """In a job: say what it had to load."""
        with contextlib.suppress(OSError):  # too much at once: nobody learns of it
            self._jobs.send(json.dumps([script, loaded]).encode())

    def learn(self, script: str) -> bool:
        """In the server: import what earlier jobs of the script loaded; tell if it still may fork.

        It may not once a library has started a thread, which a forked process would lack.
        """
        with contextlib.suppress(BlockingIOError):
            while True:
                other, loaded = json.loads(self._server.recv(1 << 20))
                self._wanted.setdefault(other, []).extend(loaded)
        if wanted := self._wanted.pop(script, []):
            for name in wanted:
                if name not in sys.modules:
                    with contextlib.suppress(Exception):
                        importlib.import_module(name)
            gc.collect()
            gc.freeze()  # else each job's first collection would copy all of it
            if self.may_fork and len(os.listdir("/proc/self/task")) > 1:
                self.may_fork = False
                told = "a library started a thread, from now on each job starts by itself"
                print(f"relearn: fork server: {told}", file=sys.stderr)
        return self.may_fork


def become(request: Request, client: socket.socket, teacher: Teacher) -> None:
    """In the forked process: run the script as Python would; at exit, answer its status."""
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    # The client is the job to all others, so its end is the script's: SIGIO, which is deadly.
    fcntl.fcntl(client, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(client, fcntl.F_SETFL, os.O_ASYNC)
    if select.select([client], [], [], 0)[0]:
        os._exit(1)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.variables)
    sys.argv[:] = request.command[1:]
    sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
    status, known = 1, {*sys.modules, "__mp_main__"}

    def answer() -> None:
        teacher.tell(request.script, [name for name in sys.modules if name not in known])
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        fcntl.fcntl(client, fcntl.F_SETFL, 0)
        client.send(bytes([status]))
        os._exit(status)  # to take apart all that the server had loaded would only take time

    atexit.register(answer)  # registered first, it comes after all that the script registers
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        if isinstance(end.code, int):
            status = end.code & 255
        elif end.code is None:
            status = 0
        else:
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()


def serve(path: str) -> tuple[Request, socket.socket, Teacher] | None:
    """Fork for each request until standard input ends; in the forked process, return its job."""
    # Ctrl-C is for the jobs; they answer their clients themselves.
    handlers = {
        each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGCHLD)
    }
    teacher = Teacher()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)
        os.dup2(2, 1)
        while 0 not in select.select([listener, 0], [], [])[0]:
            client, _ = listener.accept()
            request = None
            try:
                request = receive(client)
                if not (request.fits() and teacher.learn(request.script)):
                    client.send(REFUSED)
                elif not os.fork():
                    for each, handler in handlers.items():
                        signal.signal(each, handler)
                    return request, client, teacher
            except (OSError, ValueError) as error:
                print(f"relearn: fork server: a job was not taken: {error}", file=sys.stderr)
                with contextlib.suppress(OSError):
                    client.send(REFUSED)
            client.close()
            for stream in request.streams if request else ():
                os.close(stream)
    return None


def main(path: str) -> None:
    """Serve until standard input ends, then leave nothing behind."""
    try:
        job = serve(path)
    except OSError as error:
        print(f"relearn: no fork server, each job starts by itself: {error}", file=sys.stderr)
        job = None
    if job:
        become(*job)
    else:
        shutil.rmtree(os.path.dirname(path), ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
