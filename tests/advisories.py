"""Known weaknesses of the locked packages, where the advisory service answers; else one line says that it did not.

    python -m tests.advisories

It prints and never decides: a new advisory must not stop an unrelated change, and a machine without a network must not
wait. Whoever releases reads these lines (docs/operations.md).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.lock"
SECONDS = 60
COMMAND = ("-m", "pip_audit", "-r", str(LOCK), "--require-hashes", "--disable-pip", "--timeout", "8")
QUIETLY = ("--progress-spinner", "off", "-f", "json")


def lines(report: str) -> list[str]:
    """What a report of pip-audit says, in lines; that nothing was answered where it could look nothing up."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        packages = []
    known = [one for one in packages if "vulns" in one and "skip_reason" not in one]
    if not known:
        return ["advisories: the service does not answer here; nothing was looked up"]
    found = [
        f"advisories: {one['name']} {one['version']}: {weak['id']}, fixed in {', '.join(weak['fix_versions']) or '-'}"
        for one in known
        for weak in one["vulns"]
    ]
    return found or [f"advisories: none for {len(known)} of {len(packages)} locked packages"]


def main() -> None:
    """Ask, at most for a minute."""
    try:
        asked = subprocess.run(
            [sys.executable, *COMMAND, *QUIETLY], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        report = asked.stdout
    except subprocess.TimeoutExpired:
        report = ""
    for line in lines(report):
        print(line)


if __name__ == "__main__":
    main()
