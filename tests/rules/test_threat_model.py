"""Every threat that we say is stopped names a test, and that test exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_named_test_exists() -> None:
    text = (ROOT / "docs" / "threat_model.md").read_text("utf-8")
    table = text.split("## Threats, controls, tests")[1].split("## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| threat")]
    assert len(rows) > 40
    lacking = []
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, f"no test: {row}"
        for path, name in named:
            file = ROOT / path
            tree = ast.parse(file.read_text("utf-8")) if file.exists() else ast.Module([], [])
            if name not in {
                node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }:
                lacking.append(f"{path}::{name}")
    assert lacking == []
