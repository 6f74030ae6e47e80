"""SIGKILL at moments drawn at random: the plain command, given at once, ends as if nothing was.

A moment is drawn from SEED and its number: whom it hits, the controller, a job or the tracker; a
rule that is at work then, so that the moments are spread over the whole build; and a share of the
time that a job of this rule usually takes.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
from typing import NamedTuple

import pytest
from small_project import SmallProject, kill
from tests_support import soak

pytestmark = pytest.mark.pipeline

SEED = 20261128
KILLS = 50
RULES = ("fetch", "normalise", "run", "draw", "judge", "publish", "seal", "track", "build_report")
PLANNING = "planning"  # before any job


class Moment(NamedTuple):
    """Whom to kill, and when: after a share of the usual time of a rule that is at work."""

    victim: str
    rule: str
    share: float

    @classmethod
    def drawn(cls, number: int) -> Moment:
        chance = random.Random(f"{SEED}/{number}")
        share = chance.uniform(0, 0.9)
        return (
            cls("controller", chance.choice((PLANNING, *RULES)), share),
            cls("job", chance.choice(RULES), share),
            cls("job", "track", share),
        )[number % 3]

    def __str__(self) -> str:
        return f"{self.victim}, {self.share:.0%} through {self.rule}"


def killed(project: SmallProject, whole: SmallProject, moment: Moment) -> bool:
    """Start a build and kill at the moment; return whether there was somebody left to kill."""
    build = project.start()
    if moment.rule == PLANNING:
        time.sleep(moment.share * whole.planning)
    else:
        job = build.job(moment.rule)
        time.sleep(moment.share * usual_seconds(whole, moment.rule))
    if moment.victim == "controller":
        kill(build.process.pid)
        return build.process.wait() == -signal.SIGKILL
    kill(job)
    status, said = build.end()
    if status == 0:  # the job was faster than usual
        return False
    assert "a job ended without a word: it was killed" in said
    note = json.loads(next(project.folder.glob(f"results/failures/{moment.rule}*")).read_text())
    assert note["error"] == "was killed, or its machine stopped, before it could say why"
    return True


def usual_seconds(whole: SmallProject, rule: str) -> float:
    """Return the least time that a job of the rule took when nothing was done to it."""
    costs = (whole.folder / "results/usage").glob(f"{rule}.*json")
    return min(json.loads(path.read_text())["seconds"] for path in costs)


def require_resumed(project: SmallProject, whole: SmallProject) -> None:
    """Assert that the plain command, given now, ends as if nothing had happened."""
    status, said = project.build()
    assert status == 0, said
    assert project.manifest() == whole.manifest()
    check = ["sha256sum", "--check", "--quiet", "results/manifest.sha256"]
    subprocess.run(check, cwd=project.folder, check=True)
    assert project.tracked() == whole.tracked()
    assert {status for _, status in whole.tracked()} == {"FINISHED"}
    assert list((project.folder / "results/failures").iterdir()) == []
    assert "class=absent" not in project.page().replace('"', "")
    status, said = project.build()
    assert "Nothing to be done" in said


def kill_once(project: SmallProject, whole: SmallProject, moment: Moment) -> None:
    """Kill a build at the moment; where that is too late, earlier, and from the beginning."""
    while not killed(project, whole, moment):
        moment = moment._replace(share=moment.share / 2)
        for name in ("results", "data", ".snakemake"):
            shutil.rmtree(project.folder / name)


def test_a_build_that_is_killed_again_and_again_ends_as_if_it_had_not_been(bare, whole):
    kill_once(bare, whole, Moment("controller", "run", 0.5))
    kill_once(bare, whole, Moment("job", "draw", 0))
    kill_once(bare, whole, Moment("job", "track", 0.3))
    kill_once(bare, whole, Moment("controller", "track", 0.3))
    require_resumed(bare, whole)


@soak
@pytest.mark.parametrize("moment", [Moment.drawn(number) for number in range(KILLS)], ids=str)
def test_a_killed_build_ends_as_if_it_had_not_been(bare, whole, moment):
    kill_once(bare, whole, moment)
    require_resumed(bare, whole)
