"""Every finding that an engine can make has a text in both languages, and its text asks for nothing the finding lacks."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CODE = re.compile(r'"(log_[a-z_]+)"')
FAMILIES = {"log_poor_fit_": ("uptime", "repair"), "log_calendar_from_": ("counts", "stops")}
GIVEN = {"row", "count", "of", "station", "value", "cause", "p", "shifts"}


def codes() -> set[str]:
    found = set()
    for name in ("checks", "history", "fit"):
        source = (ROOT / "simulators" / f"{name}.py").read_text(encoding="utf-8")
        found |= set(CODE.findall(source))
        for stem, ends in FAMILIES.items():
            if f'f"{stem}' in source:
                found |= {stem + end for end in ends}
    return found


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_findings_have_texts(language: str):
    texts = yaml.safe_load((ROOT / "portal/locale" / language / "findings.yaml").read_text(encoding="utf-8"))
    assert len(codes()) > 25
    assert codes() <= set(texts)
    for code in codes():
        assert set(texts[code]) == {"message", "remedy"}
        wanted = {name for text in texts[code].values() for _, name, _, _ in Formatter().parse(text) if name}
        assert wanted <= GIVEN, code
