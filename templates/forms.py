"""A small sample file for each kind of table, in Chinese and English: what to fill in, and how it may be written.

The rows are invented. Each file is read as its own kind without being told (a test keeps that).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from templates.catalogue import FOLDER
from templates.documents import load

LANGUAGES = ("zh-CN", "en")


@cache
def forms() -> Mapping[str, Mapping[str, str]]:
    """The text of each sample file by kind and language."""
    path = FOLDER / "forms.yaml"
    root = load(path.read_text(encoding="utf-8"), name=path.name).fields(needed=("mingsuan", "forms"))
    return {kind: dict(node.bilingual()) for kind, node in root["forms"].mapping().items()}


def form(kind: str, language: str) -> bytes:
    """The sample file of a kind as CSV, with the mark by which spreadsheets know UTF-8. Raises KeyError."""
    return f"{forms()[kind][language if language in LANGUAGES else LANGUAGES[0]].strip()}\n".encode("utf-8-sig")
