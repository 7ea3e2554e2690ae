"""Everything a person sees exists in zh-CN and en, with the same places for values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from templates import documents

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "portal" / "locale"
CJK = re.compile(r"[\u4e00-\u9fff]")


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from leaves(value, f"{path}[{index}]")
    else:
        yield path, str(tree)


def texts(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted((LOCALE / language).glob("*.yaml")):
        tree = documents.load(file.read_text(encoding="utf-8"), name=file.name).plain()
        found.update({f"{file.stem}:{key}": text for key, text in leaves(tree)})
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys():
    zh, en = texts("zh_CN"), texts("en")
    assert zh, "no texts found"
    assert sorted(zh.keys() - en.keys()) == []
    assert sorted(en.keys() - zh.keys()) == []


def test_both_languages_show_the_same_values():
    zh, en = texts("zh_CN"), texts("en")
    differing = {key for key in zh.keys() & en.keys() if fields(zh[key]) != fields(en[key])}
    assert differing == set()


def test_no_text_is_left_in_the_other_language():
    zh, en = texts("zh_CN"), texts("en")
    assert [key for key, text in en.items() if CJK.search(text) and "language" not in key] == []
    prose = [key for key, text in zh.items() if len(text.split()) > 4 and not CJK.search(text)]
    assert prose == []


def raised(source: str) -> Iterator[str]:
    """The codes of the errors that a module raises."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            for given in node.keywords:
                if given.arg == "code" and name.endswith(("Error", "Refused", "Broken", "Unavailable")):
                    yield from (item.value for item in ast.walk(given.value) if isinstance(item, ast.Constant))


@pytest.mark.parametrize("folder", ["simulators", "calculators", "privacy", "templates", "industry_packs", "portal"])
def test_every_error_code_has_a_text_in_both_languages(folder):
    known = {language: texts(language) for language in ("zh_CN", "en")}
    lacking = []
    for file in sorted((ROOT / folder).rglob("*.py")):
        for code in raised(file.read_text(encoding="utf-8")):
            for language, found in known.items():
                if not any(key.endswith((f":{code}.message", f".{code}.message")) for key in found):
                    lacking.append(f"{file.name}: {code} ({language})")
    assert lacking == []
