"""Hydra's multirun with its joblib launcher: with_hydra.py OVERRIDE…, settings in hydra.yaml.

Each job starts a process, because Hydra's own jobs share one.
"""

import subprocess

import hydra


@hydra.main(version_base=None, config_path=".", config_name="hydra")
def main(config) -> None:
    """Run one process."""
    number = str(config.number)
    subprocess.run([*config.command, number, f"{number}.csv"], check=True)


if __name__ == "__main__":
    main()
