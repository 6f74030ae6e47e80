"""What is shown of an address, alone or in the text of an error."""

import pytest

from relearn.data import addresses


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:hunter2@host:5000/base", "https://host:5000/base"),
        ("https://token@host", "https://host"),
        ("postgresql://me:p@ss@host/runs?password=hunter2", "postgresql://host/runs"),
        ("sqlite:///results/mlflow/mlflow.db", "sqlite:///results/mlflow/mlflow.db"),
        ("sqlite:////a@b/mlflow.db", "sqlite:////a@b/mlflow.db"),
        ("databricks", "databricks"),
    ],
)
def test_an_address_is_shown_without_its_credentials(address, shown):
    assert addresses.public(address) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "404 Client Error: Not Found for url: http://me:hunter2@host/x?token=abc/train.gz",
            "404 Client Error: Not Found for url: http://host/x",
        ),
        (
            "HTTPSConnectionPool(host='host', port=443): Max retries exceeded with url: "
            "/x?token=abc (Caused by ResponseError('too many 503 error responses'))",
            "HTTPSConnectionPool(host='host', port=443): Max retries exceeded with url: "
            "/x (Caused by ResponseError('too many 503 error responses'))",
        ),
        (
            "{'uri': 'https://token@host', 'kind': 'mirror'}",
            "{'uri': 'https://host', 'kind': 'mirror'}",
        ),
        ("is it there? no: 'a@b', http://host/x", "is it there? no: 'a@b', http://host/x"),
    ],
)
def test_a_text_shows_every_address_without_its_credentials(text, shown):
    assert addresses.publicly(text) == shown
