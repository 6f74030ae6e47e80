"""Scripts run by the fork server are as if Python ran them, and nothing outlives its end."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere jobs start themselves")
BUILD = """
import json, sys
from relearn import forkserver
print(json.dumps(forkserver.start()), flush=True)
sys.stdin.read()
"""
ONE_THREAD = {
    f"{name}_THREADS": "1"
    for name in ("OMP_NUM", "GOTO_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM", "NUMEXPR_NUM")
}
PARENT = "import os; print(os.getppid())"
SLEEP = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


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
                process_group=0,
            )
        self.prefix = json.loads(self.process.stdout.readline()).format()
        self.address = Path(re.search(r"\S+/socket", self.prefix)[0])
        self.server = int(self.run(PARENT)[1])

    def shell(self, command: str, **options) -> subprocess.Popen:
        """Start a command of the shell as a job's."""
        return subprocess.Popen(
            ["bash", "-c", self.prefix + command],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **{"env": self.environment} | options,
        )

    def start(self, code: str, name: str = "job.py", **more: str):
        """Start a script, named as by Snakemake: /…/.snakemake/scripts/tmpabcdefgh.NAME."""
        scripts = self.folder / ".snakemake/scripts"
        scripts.mkdir(parents=True, exist_ok=True)
        script = scripts / f"tmp{len(list(scripts.iterdir())):08}.{name}"
        script.write_text(code)
        command = shlex.join([sys.executable, str(script)])
        return self.shell(command, env=self.environment | more, process_group=0)

    def run(self, code: str, **more: str) -> tuple[int, str, str]:
        """Run a script; return status, output and errors."""
        job = self.start(code, **more)
        output, errors = job.communicate(timeout=60)
        return job.returncode, output, errors

    def plainly(self, code: str) -> tuple[int, str, str]:
        """Run a script by Python itself."""
        script = self.folder / ".snakemake/scripts/plain.py"
        script.write_text(code)
        answer = subprocess.run(
            [sys.executable, str(script)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        return answer.returncode, answer.stdout, answer.stderr


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
    """Tell whether it runs: one that has ended may wait for its parent to ask how."""
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_a_script_has_its_folder_variables_and_name(build):
    code = "import os, sys; print(sys.argv, os.getcwd(), os.environ['MINE'], __name__)"
    status, output, errors = build.run(code, name="a.py", MINE="ünï=x\ny")
    assert (status, errors) == (0, "")
    argv = [f"{build.folder}/.snakemake/scripts/tmp00000001.a.py"]
    assert output == f"{argv} {build.folder} ünï=x\ny __main__\n"


def test_a_script_finds_what_python_would_find(build):
    code = "import json, sys; print(json.dumps([sys.path, sys.flags.safe_path]))"
    assert build.run(code) == build.plainly(code)


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(3)",
        "raise SystemExit(110)",
        "raise SystemExit(121)",
        "raise SystemExit(256)",
        "raise SystemExit",
        "raise SystemExit('why')",
        "import sys; sys.stdout = open('/dev/full', 'w'); sys.stdout.write('x')",
        "f = open('done', 'w'); f.write('x'); g = lambda: f",
        "import tempfile; folder = tempfile.TemporaryDirectory(dir='.', prefix='left')",
        "import atexit; atexit.register(lambda: open('done', 'w').write('x')); print('a', end='')",
        "import atexit; atexit.register(lambda: open('done', 'w').write('x')); exit(3)",
        "class Late:\n    def __del__(self, open=open): open('done', 'w').write('x')\n"
        "late = Late()",
        "import threading, time\ndef late(): time.sleep(0.1); open('done', 'w').write('x')\n"
        "threading.Thread(target=late).start()",
    ],
)
def test_a_script_ends_as_under_python_once_and_for_a_library_that_is_there(build, code):
    """Three times, for the server imports a job's libraries before the next."""
    done, count = build.folder / "done", build.folder / "count"

    def left() -> tuple[bool, int]:
        found = done.exists() and done.read_text() == "x"
        done.unlink(missing_ok=True)
        return found, len(list(build.folder.glob("left*")))

    code = f"open('count', 'a').write('x')\n{code}"
    status, output, _ = build.plainly(code)
    wanted = status, output, left()
    for _ in range(3):
        status, output, _ = build.run(code)
        assert (status, output, left()) == wanted
    assert count.read_text() == "xxxx"


def test_an_error_is_told_and_a_killed_script_counts_as_killed(build):
    status, _, errors = build.run("1 / 0")
    assert (status, errors.splitlines()[-1]) == (1, "ZeroDivisionError: division by zero")
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    status, _, errors = build.run(kill)
    assert status == 137
    assert errors.startswith("relearn: a job ended without a word") and errors.count("\n") == 1


def test_a_process_that_a_script_forks_neither_answers_nor_holds_up(build):
    code = """
import os, sys, time
if not os.fork(): {child}
time.sleep(0.2); open('done', 'w').close(); sys.exit(4)
"""
    assert build.run(code.format(child="sys.exit(0)"))[0] == 4
    assert (build.folder / "done").exists()
    os_exit = code.format(child="os.close(1); os.close(2); time.sleep(20)")
    begun = time.monotonic()
    assert build.run(os_exit)[0] == 4
    killed = os_exit.replace("sys.exit(4)", "os.kill(os.getpid(), 9)")
    assert build.run(killed)[0] == 137
    assert time.monotonic() - begun < 10


def test_a_module_that_a_job_had_to_load_is_there_for_the_next_of_its_name(build):
    (build.library / "slow.py").write_text("import os; os.environ['BY_IMPORT'] = 'set'")
    code = "import os, sys; had = 'slow' in sys.modules; import slow; print(had, {})"
    code = code.format("os.environ['BY_IMPORT']")
    found = [build.run(code, name=name)[1] for name in ("one.py", "two.py", "one.py", "three.py")]
    assert found == ["False set\n", "False set\n", "True set\n", "True set\n"]


def test_a_module_that_ends_its_importer_ends_the_job_alone(build):
    (build.library / "ends.py").write_text("import os; PLACE = os.environ['PLACE']")
    (build.library / "exits.py").write_text(
        "import sys\nif not sys.argv[0].endswith('job.py'): sys.exit(9)"
    )
    code = "import ends, exits; print(ends.PLACE)"
    for _ in range(3):
        assert build.run(code, PLACE="here")[:2] == (0, "here\n")
    assert alive(build.server)


def test_jobs_do_not_see_each_other(build):
    code = "import decimal; print(getattr(decimal, 'mine', None)); decimal.mine = 1"
    assert [build.run(code)[1] for _ in range(3)] == ["None\n"] * 3


def test_no_two_jobs_draw_the_same_from_generators_without_a_seed(build):
    code = "import random, numpy; print(random.random(), numpy.random.rand())"
    drawn = [value for _ in range(3) for value in build.run(code)[1].split()]
    assert len(set(drawn)) == 6


def test_several_jobs_run_at_once(build):
    """Each waits for what the other writes."""
    code = """
import os, time, pathlib
mine, other = pathlib.Path(os.environ["MINE"]), pathlib.Path(os.environ["OTHER"])
mine.write_text("")
while not other.exists(): time.sleep(0.01)
"""
    jobs = [build.start(code, MINE="a", OTHER="b"), build.start(code, MINE="b", OTHER="a")]
    assert [job.wait(30) for job in jobs] == [0, 0]


@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS", "PYTHONHASHSEED"])
def test_a_job_with_other_variables_that_are_read_early_starts_by_itself(build, variable):
    code = f"import os; print(os.getppid() == {build.server}, os.environ['{variable}'])"
    assert build.run(code, **{variable: "2"})[1] == "False 2\n"


def test_a_script_that_snakemake_did_not_write_starts_by_itself(build):
    (build.folder / "mine.py").write_text("import os, sys; os.write(3, sys.argv[1].encode())")
    job = build.shell(f"{sys.executable} mine.py 'a b' 3> file")
    job.communicate()
    assert (job.returncode, (build.folder / "file").read_text()) == (0, "a b")


def test_other_commands_of_the_shell_are_as_they_were(build):
    command = f"cd / && pwd; X=1 {sys.executable} -c 'import os; print(os.environ[\"X\"])' | cat"
    job = build.shell(command)
    assert job.communicate()[0] == "/\n1\n" and job.returncode == 0


def test_without_its_server_a_job_starts_by_itself(build):
    os.kill(build.server, signal.SIGKILL)
    status, output, errors = build.run("print('x')")
    assert (status, output) == (0, "x\n")
    assert errors.startswith("relearn: the fork server is gone, this job starts by itself: ")
    build.address.unlink()
    build.address.parent.rmdir()  # what a killed server leaves


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_a_job_ends_with_its_command(build, number):
    job = build.start(SLEEP)
    process = int(job.stdout.readline())
    os.killpg(job.pid, number)
    job.communicate(timeout=30)
    wait(lambda: not alive(process))


def test_ctrl_c_is_the_jobs_to_answer(build):
    """The terminal sends it to all: the script, its command in the shell, the server."""
    code = f"""
try:
    {SLEEP}
except KeyboardInterrupt:
    time.sleep(0.1)
    open("done", "w").close()
    raise SystemExit(7)
"""
    job = build.start(code)
    os.kill(int(job.stdout.readline()), signal.SIGINT)
    os.kill(build.server, signal.SIGINT)
    os.killpg(job.pid, signal.SIGINT)
    _, errors = job.communicate(timeout=30)
    wait((build.folder / "done").exists)
    assert "Traceback" not in errors
    assert alive(build.server)


def test_a_library_that_starts_a_thread_ends_the_forking_with_a_word(build):
    thread = "threading.Thread(target=time.sleep, args=[60], daemon=True).start()"
    (build.library / "threaded.py").write_text(f"import threading, time\n{thread}\n")
    assert build.run(f"import threaded\n{PARENT}")[1] == f"{build.server}\n"
    assert build.errors.read_text() == ""
    for _ in range(2):
        assert build.run(PARENT)[1] != f"{build.server}\n"
    told = "a library started a thread, from now on each job starts by itself"
    assert build.errors.read_text() == f"relearn: fork server: {told}\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_the_server_ends_with_the_build_however_that_ends(tmp_path, number):
    build = Build(tmp_path)
    job = build.start(SLEEP.replace("600", "1"))
    job.stdout.readline()
    os.killpg(build.process.pid, number) if number != signal.SIGKILL else build.process.kill()
    build.process.communicate()
    wait(lambda: not alive(build.server) and not build.address.parent.exists())
    job.communicate(timeout=30)
    if number == signal.SIGKILL:
        assert job.returncode == 0  # what runs goes on to its end
