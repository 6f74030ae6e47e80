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
import re
import select
import shutil
import signal
import socket
import sys
import threading
import traceback
from types import ModuleType
from typing import NamedTuple

TAKEN, REFUSED = b"y", b"n"
PATIENCE = 10.0  # seconds for a request to arrive whole
STARTED_WITH = dict(os.environ)
SCRIPT = re.compile(r".*/\.snakemake/scripts/tmp[^/.]+\.([^/]+\.py)")  # as Snakemake writes them


class Request(NamedTuple):
    """What a client wants: a command in a folder, with its variables and standard streams."""

    folder: str
    command: list[str]
    variables: dict[str, str]
    streams: list[int]

    @property
    def script(self) -> str:
        """The script's own name."""
        return SCRIPT.fullmatch(self.command[1])[1]

    def fits(self) -> bool:
        """Tell whether a fork of this process would be as the command's own.

        It has to be a script that Snakemake wrote, for the same Python, with the variables that
        Python and numerical libraries read but once, when they start. A command that a person wrote
        may rest on more, such as open files or a limit that was set.
        """
        python, *arguments = self.command
        written = len(arguments) == 1 and SCRIPT.fullmatch(arguments[0]) is not None
        mine, wanted = _read_early(STARTED_WITH), _read_early(self.variables)
        return python == sys.executable and written and mine == wanted


LIBRARIES = ("MKL_", "ONEDNN_", "OPENBLAS_", "ATEN_", "NPY_", "GLIBC_")


def _read_early(variables: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(("PYTHON", *LIBRARIES)) or name.endswith("_THREADS")
    }


def receive(client: socket.socket) -> Request:
    """Read one request. Raises OSError or ValueError if it does not arrive whole."""
    client.settimeout(PATIENCE)
    size, streams, _, _ = socket.recv_fds(client, 4, 3)
    try:
        with client.makefile("rb") as stream:
            content = stream.read(int.from_bytes(size, "big"))
        folder, count, *words = content.decode(errors="surrogateescape").split("\0")
        command, variables = words[: int(count)], words[int(count) :]
        client.settimeout(None)
        return Request(folder, command, dict(each.split("=", 1) for each in variables), streams)
    except BaseException:
        for number in streams:
            os.close(number)
        raise


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
        wanted = self._wanted.pop(script, [])
        if self.may_fork and wanted:
            for name in wanted:
                if name not in sys.modules:
                    with contextlib.suppress(Exception, SystemExit):  # then jobs load it themselves
                        importlib.import_module(name)
            gc.collect()
            gc.freeze()  # else each job's first collection would copy all of it
            if len(os.listdir("/proc/self/task")) > 1:
                self.may_fork = False
                told = "a library started a thread, from now on each job starts by itself"
                print(f"relearn: fork server: {told}", file=sys.stderr)
        return self.may_fork


def become(request: Request, client: socket.socket) -> None:
    """In the forked process: be as Python would be that is about to run the script."""
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.register_at_fork(after_in_child=client.close)  # the client waits for this process alone
    # The client is the job to all others, so its end is the script's: SIGIO, which is deadly.
    fcntl.fcntl(client, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(client, fcntl.F_SETFL, os.O_ASYNC)
    if select.select([client], [], [], 0)[0]:
        os._exit(1)
    os.chdir(request.folder)
    by_imports = {name: os.environ[name] for name in os.environ if name not in STARTED_WITH}
    os.environ.clear()
    os.environ.update(by_imports | request.variables)
    sys.argv[:] = request.command[1:]
    sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
    if "numpy.random" in sys.modules:  # its own generator is not to be the same in every job
        sys.modules["numpy.random"].seed()


def run(script: str) -> int:
    """Run a script as the main module; return its exit status."""
    sys.modules["__main__"] = main_module = ModuleType("__main__")
    main_module.__file__ = script
    try:
        with open(script, "rb") as stream:
            exec(compile(stream.read(), script, "exec"), vars(main_module))
    except SystemExit as end:
        if isinstance(end.code, int):
            return end.code & 255
        if end.code is not None:
            print(end.code, file=sys.stderr)
        return int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def end() -> int:
    """Do what Python does at its end, as far as others can see it; return 120 if that failed."""
    threading._shutdown()
    atexit._run_exitfuncs()
    names = vars(sys.modules["__main__"])
    names |= dict.fromkeys(names.keys() - {"__builtins__"})  # closes what the script left open
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        with contextlib.suppress(OSError):
            print(f"relearn: its output could not be written: {error}", file=sys.stderr)
        return 120
    return 0


def job(request: Request, client: socket.socket, teacher: Teacher) -> None:
    """In the forked process: run the script, answer its exit status, and end."""
    become(request, client)
    process, known = os.getpid(), {*sys.modules, "__mp_main__"}
    client.send(TAKEN)
    status = run(sys.argv[0])
    if os.getpid() != process:  # a process that the script forked
        sys.exit(status)
    ended = end()
    status = status or ended
    teacher.tell(request.script, [name for name in sys.modules if name not in known])
    fcntl.fcntl(client, fcntl.F_SETFL, 0)
    client.send(bytes([status]))
    os._exit(status)  # to take apart all that the server had loaded would only take time


def serve(path: str) -> tuple[Request, socket.socket, Teacher] | None:
    """Fork for each request until standard input ends; in the forked process, return its job."""
    # What is meant for the whole build is for the jobs to answer; this process ends with the build.
    handlers = {
        number: signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    teacher = Teacher()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)
        os.dup2(2, 1)
        while 0 not in select.select([listener, 0], [], [])[0]:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            client, _ = listener.accept()
            streams = []
            try:
                request = receive(client)
                streams = request.streams
                if not (request.fits() and teacher.learn(request.script)):
                    client.send(REFUSED)
                elif not os.fork():
                    for number, handler in handlers.items():
                        signal.signal(number, handler)
                    return request, client, teacher
            except (OSError, ValueError):
                pass  # the client ended, or starts the job itself when it finds no answer
            client.close()
            for number in streams:
                os.close(number)
    return None


def main(path: str) -> None:
    """Serve until standard input ends, then leave nothing behind."""
    server, wanted = os.getpid(), None
    try:
        wanted = serve(path)
    except OSError as error:
        print(f"relearn: no fork server, each job starts by itself: {error}", file=sys.stderr)
    finally:
        if os.getpid() == server:
            shutil.rmtree(os.path.dirname(path), ignore_errors=True)
    if wanted:
        job(*wanted)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder is no place to import from
    main(sys.argv[1])
