"""What every test may use; documentation and docstrings are tests too (Sybil)."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

ROOT = Path(__file__).parent
settings.register_profile("house", deadline=None)  # a busy machine is not a fault; speed is judged in tests/benchmarks
settings.load_profile("house")
NEEDS_REFERENCE: Counter[str] = Counter()
NOT_BEGUN: list[str] = []

pytest_collect_file = (
    Sybil(parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["*.md"])
    + Sybil(parsers=[DocTestParser()], patterns=["*.py"], excludes=["tests/*", "portal/*", "conftest.py"])
).pytest()


@pytest.fixture
def reference_data() -> Path:
    """The folder of reference data that is not part of the repository (contract section 1)."""
    folder = os.environ.get("MINGSUAN_REFERENCE_DATA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    if os.environ.get("CI") == "true":
        pytest.fail("MINGSUAN_REFERENCE_DATA names no folder, and CI needs it")
    NEEDS_REFERENCE["tests"] += 1
    pytest.skip("needs MINGSUAN_REFERENCE_DATA")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """In CI, slow tests are begun only while the time lasts; the rest is named at the end."""
    until = os.environ.get("MINGSUAN_SLOW_UNTIL")
    if until and item.get_closest_marker("slow") and time.time() > float(until):
        NOT_BEGUN.append(item.nodeid)
        pytest.skip("not begun: out of time")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nothing is left out in silence."""
    if NEEDS_REFERENCE["tests"]:
        terminalreporter.write_line(f"{NEEDS_REFERENCE['tests']} tests need MINGSUAN_REFERENCE_DATA and did not run")
    for name in NOT_BEGUN:
        terminalreporter.write_line(f"not begun, out of time: {name}")
