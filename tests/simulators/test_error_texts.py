"""Every refusal of a line, scenario or study has a sentence in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from templates.documents import load

ROOT = Path(__file__).parents[2]


def raised() -> set[str]:
    """Codes that the simulators raise, read from the source; those put together from parts count by what they name."""
    found = {f"unknown_{what}" for what in ("station", "product", "fleet", "state")}
    for path in (ROOT / "simulators").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ModelError":
                code = {word.arg: word.value for word in node.keywords}["code"]
                if isinstance(code, ast.Constant):
                    found.add(str(code.value))
    return found


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_refusal_has_its_sentence(language: str) -> None:
    path = ROOT / "portal" / "locale" / language / "errors_simulators.yaml"
    texts = load(path.read_text("utf-8"), name=path.name).plain()
    codes = raised()
    assert len(codes) > 60
    assert codes - set(texts) == set()
