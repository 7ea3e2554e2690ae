"""Every refusal of the calculators has a sentence in both languages, with nothing in braces left open."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from templates.documents import load

ROOT = Path(__file__).parents[2]
LANGUAGES = ("zh_CN", "en")


def texts(language: str) -> dict[str, dict[str, str]]:
    path = ROOT / "portal" / "locale" / language / "errors_calculators.yaml"
    return load(path.read_text("utf-8"), name=path.name).plain()


def raised() -> dict[str, set[str]]:
    """Code to the names of parameters given everywhere it is raised, read from the source."""
    found: dict[str, set[str]] = {}
    always = {"formula", "column", "excerpt"}
    for path in (ROOT / "calculators").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            keywords = {word.arg: word.value for word in node.keywords if word.arg}
            code = keywords.get("code")
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if isinstance(code, ast.Constant) and name in {"CalculationError", "error"}:
                given = set(keywords) - {"code", "place", "remedy"} | (always if name == "error" else set())
            elif name == "_error" and path.name == "drivers.py":
                code, given = node.args[2], set(keywords) | {"name"}
            else:
                continue
            value = str(code.value)
            found[value] = found[value] & given if value in found else given
    return found


def test_every_code_has_a_sentence_and_every_sentence_a_code():
    codes = set(raised())
    assert len(codes) > 50
    for language in LANGUAGES:
        assert set(texts(language)) == codes


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_in_braces_is_always_given(language):
    given = raised()
    for code, entry in texts(language).items():
        assert set(entry) == {"message", "remedy"}
        fields = {name for text in entry.values() for _, name, _, _ in string.Formatter().parse(text) if name}
        assert fields <= given[code], code


def test_the_chinese_sentences_are_chinese():
    for entry in texts("zh_CN").values():
        assert all(re.search(r"[\u4e00-\u9fff]", text) for text in entry.values())
