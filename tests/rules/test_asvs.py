"""The self-assessment covers every requirement of levels 1 and 2, and points at things that exist."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "asvs.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| (.+) \|$", TEXT, re.MULTILINE)
BY_CHAPTER = {
    1: 27,
    2: 11,
    3: 19,
    4: 10,
    5: 9,
    6: 35,
    7: 18,
    8: 7,
    9: 7,
    10: 29,
    11: 14,
    12: 9,
    13: 13,
    14: 9,
    15: 13,
    16: 16,
    17: 7,
}
"""How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has: 253 in all."""


def test_every_requirement_is_answered_once() -> None:
    ids = [row[0] for row in ROWS]
    assert len(set(ids)) == len(ids) == 253
    assert Counter(int(one.split(".")[0]) for one in ids) == BY_CHAPTER


def test_the_states_are_counted_right() -> None:
    states = Counter(state for _, state, _ in ROWS)
    assert set(states) == {"met", "partly", "operator", "n/a", "not met"}
    for state, count in states.items():
        assert f"{count} {state}" in TEXT.split("## ")[0]


def test_the_evidence_exists() -> None:
    lacking = []
    for number, _, evidence in ROWS:
        for reference in re.findall(r"`([^`]+)`", evidence):
            path, _, name = reference.partition("::")
            if "/" not in path or path.startswith("/") or path.endswith("*"):
                continue
            file = ROOT / path
            if not file.exists() or (name and f"def {name}(" not in file.read_text("utf-8")):
                lacking.append(f"{number}: {reference}")
    assert lacking == []
