"""What we depend on is locked with hashes, listed in a bill of materials, and asked about."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests import advisories

ROOT = Path(__file__).parents[2]
LOCKED = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)


def test_every_locked_package_has_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        assert not re.match(r"[A-Za-z0-9_.-]+==", block) or "--hash=sha256:" in block, block[:80]


def test_the_bill_of_materials_names_every_locked_package(tmp_path) -> None:
    target = tmp_path / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(ROOT / "requirements.lock"), "-o", str(target)]
    subprocess.run(
        [*command, "--of", "JSON"], check=True, capture_output=True, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )
    bill = json.loads(target.read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert {one["name"].lower() for one in bill["components"]} == {name.lower() for name in LOCKED}
    assert all(one["hashes"] or one.get("externalReferences") for one in bill["components"] if "hashes" in one)


def test_an_advisory_is_printed_and_silence_is_said() -> None:
    weak = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
    clean = {"name": "y", "version": "1", "vulns": []}
    skipped = {"name": "z", "version": "1", "skip_reason": "not found", "vulns": []}
    assert advisories.lines(json.dumps({"dependencies": [weak, clean]})) == ["advisories: x 1: PYSEC-1, fixed in 2"]
    assert advisories.lines(json.dumps({"dependencies": [clean, skipped]})) == [
        "advisories: none for 1 of 2 locked packages"
    ]
    for silent in ("", "not json", json.dumps({"dependencies": [skipped]})):
        assert "does not answer" in advisories.lines(silent)[0]
