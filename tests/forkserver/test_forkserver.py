"""Scripts run by the fork server are as if Python ran them, and nothing outlives its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relearn import forkserver

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere jobs start themselves")
CLIENT = [sys.executable, "-I", "-S", str(Path(forkserver.__file__).with_name("client.py"))]
BUILD = """
import os, sys
from relearn import forkserver
forkserver.start()
print(os.environ[forkserver.ADDRESS], flush=True)
sys.stdin.read()
"""
ONE_THREAD = {
    f"{name}_THREADS": "1"
    for name in ("OMP_NUM", "GOTO_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM", "NUMEXPR_NUM")
}


class Build:
    """A process that started a server, as Snakemake does."""

    def __init__(self, folder: Path):
        self.folder, self.library, self.errors = folder, folder / "library", folder / "errors"
        self.library.mkdir()
        path = [str(self.library), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.environment = os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path)}
        with open(self.errors, "w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-c", BUILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                env=self.environment,
                text=True,
            )
        self.address = Path(self.process.stdout.readline().strip())
        self.environment[forkserver.ADDRESS] = str(self.address)

    def start(self, code: str, *arguments: str, name: str = "job.py", **more: str):
        """Start a job of that code, as Snakemake does: tmpabcdefgh.NAME."""
        script = self.folder / f"tmp{len(list(self.folder.iterdir())):08}.{name}"
        script.write_text(code)
        return subprocess.Popen(
            [*CLIENT, sys.executable, str(script), *arguments],
            cwd=self.folder,
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def server(self) -> int:
        """Return the server's process."""
        return int(self.run("import os; print(os.getppid())")[1])

    def run(self, code: str, *arguments: str, **more: str) -> tuple[int, str, str]:
        """Run a job; return status, output and errors."""
        job = self.start(code, *arguments, **more)
        output, errors = job.communicate(timeout=60)
        return job.returncode, output, errors


@pytest.fixture
def build(tmp_path):
    found = Build(tmp_path)
    yield found
    found.process.stdin.close()
    assert found.process.wait(60) == 0
    wait(lambda: not found.address.parent.exists())


def wait(condition) -> None:
    """Wait until a condition holds, for at most 30 s."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_script_has_its_arguments_folder_variables_and_name(build):
    code = "import os, sys; print(sys.argv[1:], os.getcwd(), os.environ['MINE'], __name__)"
    status, output, errors = build.run(code, "one", "a b", MINE="ünï=x\ny")
    assert (status, errors) == (0, "")
    assert output == f"['one', 'a b'] {build.folder} ünï=x\ny __main__\n"


PARENT = "import os; print(os.getppid())"


def test_a_script_is_forked_and_without_a_server_it_runs_all_the_same(build):
    job = build.start(PARENT)
    assert int(job.communicate()[0]) not in (os.getpid(), job.pid)
    nowhere = {forkserver.ADDRESS: str(build.folder / "nothing")}
    assert int(build.run(PARENT, **nowhere)[1]) == os.getpid()


@pytest.mark.parametrize(
    ("code", "status", "errors"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit('why')", 1, "why\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, ""),
    ],
)
def test_a_scripts_end_is_the_commands(build, code, status, errors):
    found = build.run(code)
    assert found[0] == status
    assert found[2].endswith(errors) and bool(found[2]) == bool(errors)


def test_what_a_script_leaves_for_its_exit_is_done_before_the_command_ends(build):
    code = (
        "import atexit; atexit.register(lambda: open('done', 'w').write('x')); print('a', end='')"
    )
    assert build.run(code) == (0, "a", "")
    assert (build.folder / "done").read_text() == "x"


def test_a_module_that_a_job_had_to_load_is_there_for_the_next_of_its_name(build):
    (build.library / "slow.py").write_text("")
    code = "import sys; had = 'slow' in sys.modules; import slow; print(had)"
    found = [build.run(code, name=name)[1] for name in ("one.py", "two.py", "one.py", "three.py")]
    assert found == ["False\n", "False\n", "True\n", "True\n"]


def test_jobs_do_not_see_each_other(build):
    code = "import decimal; print(getattr(decimal, 'mine', None)); decimal.mine = 1"
    assert [build.run(code)[1] for _ in range(3)] == ["None\n"] * 3


def test_several_jobs_run_at_once(build):
    """Each waits for what the other writes."""
    code = """
import sys, time, pathlib
mine, other = map(pathlib.Path, sys.argv[1:])
mine.write_text("")
while not other.exists(): time.sleep(0.01)
"""
    jobs = [build.start(code, *names) for names in (("a", "b"), ("b", "a"))]
    assert [job.wait(30) for job in jobs] == [0, 0]


@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS", "PYTHONHASHSEED"])
def test_a_job_with_other_variables_that_are_read_early_starts_by_itself(build, variable):
    code = f"import os; print(os.getppid(), os.environ['{variable}'])"
    assert build.run(code, **{variable: "2"})[1] == f"{os.getpid()} 2\n"


def test_what_is_no_script_of_this_python_is_run_as_it_is(build):
    for command in (["echo", "x"], [sys.executable, "-c", "print('x')"]):
        answer = subprocess.run([*CLIENT, *command], env=build.environment, capture_output=True)
        assert answer.stdout == b"x\n"


SLEEP = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_ends_with_its_command(build, number):
    job = build.start(SLEEP)
    process = int(job.stdout.readline())
    job.send_signal(number)
    job.communicate(timeout=30)
    wait(lambda: not alive(process))


def test_ctrl_c_reaches_the_job_and_not_the_server(build):
    code = SLEEP.replace(
        "time.sleep(600)", "\ntry: time.sleep(600)\nexcept KeyboardInterrupt: exit(7)"
    )
    job = build.start(code)
    process, server = int(job.stdout.readline()), build.server()
    for each in (server, process):
        os.kill(each, signal.SIGINT)
    assert job.wait(30) == 7
    assert build.run("print('x')")[1] == "x\n" and alive(server)


def test_a_library_that_starts_a_thread_ends_the_forking_with_a_word(build):
    thread = "threading.Thread(target=time.sleep, args=[60], daemon=True).start()"
    (build.library / "threaded.py").write_text(f"import threading, time\n{thread}\n")
    assert build.run(f"import threaded\n{PARENT}")[1] != f"{os.getpid()}\n"
    assert build.errors.read_text() == ""
    for _ in range(2):
        assert build.run(PARENT) == (0, f"{os.getpid()}\n", "")
    told = (
        "relearn: fork server: a library started a thread, from now on each job starts by itself\n"
    )
    assert build.errors.read_text() == told


def test_the_server_ends_with_the_build_though_it_is_killed(tmp_path):
    build = Build(tmp_path)
    job, server = build.start(SLEEP.replace("600", "1")), build.server()
    build.process.kill()
    build.process.communicate()
    wait(lambda: not alive(server) and not build.address.parent.exists())
    assert job.wait(30) == 0  # what runs goes on to its end
