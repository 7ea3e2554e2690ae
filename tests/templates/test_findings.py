"""Every finding and refusal of an upload has its sentence in both languages, and the English ones are the same."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from templates.documents import load
from templates.findings import MOST_ROWS, SENTENCES, finding, of_rows

LOCALE = Path(__file__).parents[2] / "portal" / "locale"
SOURCES = Path(__file__).parents[2] / "templates"


def texts(language: str, name: str) -> dict[str, dict[str, str]]:
    path = LOCALE / language / f"{name}.yaml"
    plain = load(path.read_text(encoding="utf-8"), name=path.name).plain()
    assert isinstance(plain, dict)
    return plain


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", SENTENCES)
def test_findings_say_the_same_in_the_library_and_on_the_pages(code: str) -> None:
    _, message, remedy = SENTENCES[code]
    english, chinese = texts("en", "findings")[code], texts("zh_CN", "findings")[code]
    assert (english["message"], english["remedy"]) == (message, remedy)
    assert names_in(chinese["message"]) <= names_in(message)
    assert re.search(r"[\u4e00-\u9fff]", chinese["message"] + chinese["remedy"])


def test_every_refusal_of_a_reader_has_its_texts() -> None:
    codes = {
        code
        for path in [*SOURCES.glob("readers_*.py"), SOURCES / "files.py", SOURCES / "limited.py", SOURCES / "mapping.py"]
        for block in re.findall(r"(?:FileRefused|DocumentError)\((.*?)\n    *\)", path.read_text(encoding="utf-8"), re.DOTALL)
        for code in re.findall(r'code="([a-z_]+)"', block)
    }  # fmt: skip
    assert {
        "empty_file",
        "scan",
        "unreadable_font",
        "password",
        "macro",
        "bomb",
        "too_large",
        "not_this_type",
        "damaged",
    } <= codes
    for language in ("en", "zh_CN"):
        assert codes <= set(texts(language, "errors_templates")), language


def test_a_finding_carries_its_sentence_and_what_fills_it() -> None:
    one = finding("time_unreadable", row=14, column="End", value="31.02.2026")
    assert one.message == "Row 14, End: 31.02.2026 is not a date and time."
    assert one.params == {"row": 14, "column": "End", "value": "31.02.2026"}
    assert one.to_json()["row"] == 14


def test_many_rows_with_the_same_fault_are_counted_not_listed() -> None:
    import numpy as np

    found = of_rows("cell_missing", np.ones(500, dtype=bool), np.arange(500) + 2, column="Machine")
    assert len(found) == MOST_ROWS + 1
    assert found[-1].code == "rows_more"
    assert found[-1].params["count"] == 500
