"""The tools of the benchmark make equal results, or it stops."""

from pathlib import Path

import pytest

from benchmarks.orchestration import Tool, check
from relearn.errors import RelearnError


def tool(folder: Path, text: str) -> Tool:
    folder.mkdir()
    for number in range(100):
        (folder / f"{number}.csv").write_text(text)
    return Tool(folder, lambda: None, [], "{}.csv".format)


def test_a_result_that_is_not_the_loops_is_named(tmp_path):
    tools = {"loop": tool(tmp_path / "loop", "1\n"), "other": tool(tmp_path / "other", "1\n")}
    check(tools)
    (tmp_path / "other/42.csv").write_text("1.0\n")
    with pytest.raises(RelearnError, match=r"other/42\.csv: other's result"):
        check(tools)


def test_a_tool_that_fails_says_so(tmp_path):
    (tmp_path / "tool").mkdir()
    failing = Tool(
        tmp_path / "tool",
        lambda: None,
        ["sh", "-c", "echo no such luck; exit 3"],
        "{}.csv".format,
    )
    with pytest.raises(RelearnError, match=r"tool\.log: status 3: no such luck"):
        failing.call()
