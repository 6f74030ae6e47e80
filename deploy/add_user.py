"""Make an account on a lab's MLflow server: add_user.py NAME [writer].

Who has an account reads. A writer may track, too: edit experiments and their artifacts, and delete
runs, but neither delete experiments nor pass rights on. Prints the new password, this once. Asks
the server in MLFLOW_TRACKING_URI as the administrator whose name and password are in
MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
"""

import os
import secrets
import sys

from mlflow.server import get_app_client

WRITER, EVERYWHERE = "writer", "default"  # MLflow's name of the only workspace
RIGHTS = {"experiment": "EDIT", "run": "MANAGE"}


def main(name: str, role: str = "") -> None:
    """Make the account, and the role of writers at its first use."""
    client = get_app_client("basic-auth", tracking_uri=os.environ["MLFLOW_TRACKING_URI"])
    password = secrets.token_urlsafe(18)
    client.create_user(name, password)
    if role == WRITER:
        found = [each for each in client.list_roles(EVERYWHERE) if each.name == WRITER]
        writer = found[0] if found else client.create_role(EVERYWHERE, WRITER)
        granted = {each.resource_type for each in client.list_role_permissions(writer.id)}
        for resource in RIGHTS.keys() - granted:
            client.add_role_permission(writer.id, resource, "*", RIGHTS[resource])
        client.assign_role(name, writer.id)
    print(password)


if __name__ == "__main__":
    if sys.argv[2:] not in ([], [WRITER]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
