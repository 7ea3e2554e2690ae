"""The repository keeps its own rules."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("portal", "industry_packs", "templates", "simulators", "calculators", "privacy")


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_other_installed_distribution_owns_one_of_our_folders():
    for distribution in importlib.metadata.distributions():
        if distribution.metadata["Name"] == "mingsuan":
            continue
        tops = {str(file).split("/", 1)[0] for file in distribution.files or ()}
        assert not tops & set(FOLDERS), distribution.metadata["Name"]


def test_no_file_beside_the_streamlit_script_is_named_like_an_importable_module(monkeypatch):
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT / "portal"])
    for file in (ROOT / "portal").glob("*.py"):
        if file.stem != "__init__":
            assert importlib.util.find_spec(file.stem) is None, f"portal/{file.name} would shadow an installed module"


def test_lock_files_name_no_registry():
    assert not (ROOT / "uv.lock").exists()
    for lock in ROOT.glob("requirements*.lock"):
        assert not re.search(r"https?://|--index-url", lock.read_text()), lock.name


def test_no_absolute_path_of_a_developer_machine_is_in_the_repository():
    pattern = re.compile(r"/(?:home|Users)/[a-z]|(?<![\w.])/(?:root|work)/")
    for file in tracked("*.py", "*.md", "*.yaml", "*.toml", "*.sh", "run", ".ci/run"):
        if file != Path(__file__):
            assert not pattern.search(file.read_text(encoding="utf-8")), file


def test_ruff_ignores_at_most_fifteen_lines_and_says_why():
    block = (ROOT / "pyproject.toml").read_text().split("\nignore = [\n", 1)[1].split("\n]", 1)[0]
    lines = block.splitlines()
    assert len(lines) <= 15
    assert all("#" in line for line in lines)


def test_no_folder_and_no_file_is_called_by_a_name_that_says_nothing():
    for file in tracked("*.py"):
        assert not {"utils", "helpers", "common", "core", "misc"} & set(file.relative_to(ROOT).with_suffix("").parts)


def test_init_files_hold_a_docstring_and_public_names_only():
    for folder in FOLDERS:
        text = (ROOT / folder / "__init__.py").read_text()
        assert len(text.splitlines()) <= 60, folder
        assert "def " not in text, folder


@pytest.mark.slow
def test_the_wheel_holds_every_document_signature_and_text(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = set(wheel.namelist())
    wanted = [f for f in tracked(*FOLDERS) if f.suffix in {".yaml", ".sig", ".csv", ".py", ".toml", ".json", ".pem"}]
    lacking = [str(f.relative_to(ROOT)) for f in wanted if str(f.relative_to(ROOT)) not in inside]
    assert not lacking


def test_reference_cases_carried_along_are_the_shared_ones(reference_data):
    for name in ("line_reference_cases.json", "calculator_reference_cases.json"):
        ours = json.loads((ROOT / "tests/data" / name).read_text())
        assert ours == json.loads((reference_data / name).read_text()), name
