"""What every test may use; documentation and docstrings are tests too (Sybil)."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

from tests import canary

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


class _Kept(logging.Handler):
    """Every line that was logged while the tests ran."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.lines) < 200_000:
            self.lines.append(self.format(record))


@pytest.fixture(scope="session", autouse=True)
def _nothing_in_the_clear(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After all tests no folder of data or keys, no temporary file and no logged line holds the canary in any form."""
    began, kept = time.time(), _Kept()
    logging.getLogger().addHandler(kept)
    yield
    logging.getLogger().removeHandler(kept)
    found = ["the log" for line in kept.lines if canary.holds(line.encode())][:1]
    for folder in tmp_path_factory.getbasetemp().rglob("*"):
        if folder.is_dir() and folder.name in {"data", "keys", "restored", "packs"}:
            found += canary.found_in(folder)
    for path in Path(tempfile.gettempdir()).glob("tmp*"):  # what Python's tempfile made while we ran
        with contextlib.suppress(OSError):  # gone meanwhile
            if path.stat().st_mtime >= began and not path.is_relative_to(tmp_path_factory.getbasetemp()):
                holds = path.is_file() and canary.holds(path.read_bytes())
                found += [str(path)] if holds else canary.found_in(path)
    assert found == [], "a tenant's values lie about in the clear"


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


@pytest.fixture(autouse=True)
def _main_stays():
    """A page drawn by Streamlit's test runner takes the place of the main module, which spawned processes read."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
