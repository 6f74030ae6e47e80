"""MLflow's page with the results beside it, so that a run leads to its place in the report.

`make ui` starts it as MLflow's app of the name `relearn`, in the project's folder.
"""

from __future__ import annotations

from pathlib import Path

from mlflow.server import app as pages
from mlflow.server.fastapi_app import app
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

# The page opens every experiment among traces of language models, whatever its kind, until a person
# switches it to training, and an assistant beside it. This is a first visit with both done.
CHOICES = """<script>
for (const [name, value] of [
  ["mlflow.workflowType_v1", '"machine_learning"'],
  ["mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true"],
]) if (localStorage.getItem(name) === null) localStorage.setItem(name, value);
</script>"""


def start(request: Request) -> HTMLResponse:
    """Return MLflow's one page, in which a first visit finds its choices made."""
    page = Path(pages.static_folder, "index.html").read_text(encoding="utf-8")
    return HTMLResponse(page.replace("<head>", f"<head>{CHOICES}", 1))


# Ahead of MLflow's routes, whose last one takes every address.
app.router.routes[:0] = [
    Route("/", start),
    Mount("/results", StaticFiles(directory="results", check_dir=False)),
]
