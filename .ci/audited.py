"""Say what pip-audit found: audited.py ITS_REPORT_AS_JSON. Exits 1 for a known vulnerability.

pip-audit ends alike where it finds one and where its source is away, and says that all is well
where its source knows no package. Neither of these two is a failure of the code: they are said.
"""

import json
import sys
from pathlib import Path


def main(report: str) -> int:
    """Print what was found and what was not looked at; return the exit status."""
    if not Path(report).is_file():
        print("::warning::nothing was audited: the advisory source did not answer")
        return 0
    packages = json.loads(Path(report).read_text(encoding="utf-8"))["dependencies"]
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    if len(skipped) == len(packages):
        print("::warning::nothing was audited: the advisory source knows none of the packages")
        return 0
    if skipped:
        print(f"::warning::not audited: {', '.join(skipped)}")
    found = [(each, flaw) for each in packages for flaw in each.get("vulns", [])]
    for each, flaw in found:
        mended = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(f"::error::{each['name']} {each['version']}: {flaw['id']}, mended in {mended}")
    print(f"{len(packages) - len(skipped)} packages audited, {len(found)} known vulnerabilities")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
