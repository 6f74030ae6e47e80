"""The table under each figure that says how it was made: data, runs, time."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relearn.experiments import catalogue
from relearn.report import formats
from relearn.report.results import Results
from relearn.runs.described import ROWS, row_anchor

MLFLOW = "http://127.0.0.1:5000"
# What keeps the page's size and the time to open it within bounds, however many runs there are.
EMBEDDED = 50_000  # bytes of a table that the page carries; a larger one is linked
TOGETHER = 100_000  # bytes of an experiment's such tables; where they are more, all are linked


@dataclass(frozen=True)
class Download:
    """A table inside the page, or a link to it from `results/report`; a folder has no name."""

    label: str
    uri: str
    size: str
    name: str = ""


@dataclass(frozen=True)
class Variant:
    """A row of "how this was made": one variant, or all of them together.

    What is not known is None or empty; `seconds` is wall time, `memory` the peak.
    """

    anchor: str
    name: str
    seeds: str
    tables: list[Download]
    missing: str
    seconds: float | None
    memory: str
    run: str
    run_url: str
    command: str = ""
    commit: str = ""


def download(
    results: Results, path: str, label: str, name: str, room: int = EMBEDDED
) -> Download | None:
    """Return a text file of the results as a link that carries it, or leads to it if it is large.

    Args:
        path: the file below the results folder; None is returned where it is missing.
        label: what the link says.
        name: what a browser saves it as.
        room: bytes of it that the page may carry.
    """
    text = results.file(path)
    if text is None:
        return None
    data = text.encode()
    if len(data) > room:
        return Download(label, f"../{path}", f"{formats.size(len(data))}, beside this page", name)
    uri = f"data:text/csv;charset=utf-8;base64,{base64.b64encode(data).decode()}"
    return Download(label, uri, formats.size(len(data)), name)


def rows(
    experiment: str, origins: Mapping[str, Mapping[str, Any]], results: Results
) -> list[Variant]:
    """Return the rows of an experiment's variants, or the one that they share.

    Args:
        origins: variant to its provenance, empty where that is not known.
    """
    index = results.mlflow.get("experiments", {}).get(experiment, {})
    server = results.mlflow.get("tracking_uri", "")
    server = server.rstrip("/") if server.startswith("http") else MLFLOW
    url = f"{server}/#/experiments/{index.get('experiment_id')}"
    runs = index.get("runs", {})
    if len(origins) > ROWS:
        return [_together(experiment, origins, runs, url, results)]
    sizes = [
        path.stat().st_size
        for name in origins
        if (path := results.folder / _scalars(experiment, name)).is_file()
    ]
    fits = sum(size for size in sizes if size <= EMBEDDED) <= TOGETHER
    return [
        _variant(
            row_anchor(experiment, name, len(origins)),
            *(experiment, name, origin, runs.get(name, ""), url, results),
            EMBEDDED if fits else 0,
        )
        for name, origin in origins.items()
    ]


def _scalars(experiment: str, name: str) -> str:
    return f"runs/{experiment}/{name}/scalars.csv"


def _variant(
    anchor: str,
    experiment: str,
    name: str,
    origin: Mapping[str, Any],
    run: str,
    url: str,
    results: Results,
    room: int,
) -> Variant:
    folder = f"runs/{experiment}/{name}"
    scalars = download(
        results,
        _scalars(experiment, name),
        "scalars.csv",
        f"{experiment}.{name}.scalars.csv",
        room,
    )
    beside = [
        Download(table, f"../{folder}/{table}", "")
        for table in ("curves.csv", "arrays.npz")
        if (results.folder / folder / table).is_file()
    ]
    seeds = len(results.table(experiment, name, "scalars.csv")) if scalars else None
    usage = results.usage(f"run.{experiment}.{name}")
    return Variant(
        anchor=anchor,
        name=name,
        seeds=formats.NONE if seeds is None else formats.thousands(seeds),
        tables=[*([scalars] if scalars else []), *beside],
        missing="" if scalars else results.reason(experiment, "run", name),
        seconds=origin.get("seconds"),
        memory=f"{usage['peak_mib']:.0f} MiB" if usage else formats.NONE,
        run=run,
        run_url=f"{url}/runs/{run}" if run else "",
        command=origin.get("command", ""),
        commit=origin.get("commit") or "",
    )


def _together(
    experiment: str,
    origins: Mapping[str, Mapping[str, Any]],
    runs: Mapping[str, str],
    url: str,
    results: Results,
) -> Variant:
    """Return one row for variants that are too many for a row each; their tables stay unread."""
    block = results.config["experiments"][experiment]
    counts = {catalogue.variant_slice(block, name)["seeds"] for name in origins}
    least, most = (formats.thousands(bound) for bound in (min(counts), max(counts)))
    folder = f"runs/{experiment}"
    lost = [
        name for name in origins if not (results.folder / folder / name / "scalars.csv").is_file()
    ]
    missing = ""
    if lost:
        reason = results.reason(experiment, "run", lost[0])
        missing = f"{formats.thousands(len(lost))} of them, {lost[0]} first: {reason}"
    seconds = [origin["seconds"] for origin in origins.values() if origin]
    return Variant(
        anchor="",
        name=f"all {formats.thousands(len(origins))} variants",
        seeds=least if least == most else f"{least} to {most}",
        tables=[Download(f"results/{folder}", f"../{folder}/", "a folder each")],
        missing=missing,
        seconds=sum(seconds) if seconds else None,
        memory=formats.NONE,
        run=f"{formats.thousands(len(runs))} tracked" if runs else "",
        run_url=url if runs else "",
    )
