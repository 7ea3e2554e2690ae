"""The gate on words: both languages everywhere, no promise that nobody can keep, a source for every number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from industry_packs.folder import Contents
from industry_packs.report import Findings
from templates.documents import LANGUAGES, Node

_cjk = re.compile(r"[\u4e00-\u9fff]")
_latin_words = re.compile(r"[A-Za-z]{3,}")
_promises = re.compile(
    r"\b(guarantee[ds]?|risk[- ]free|fully compliant|certified by us|100 ?% (safe|secure|compliant))\b"
    r"|保证(?!金)|确保收益|包过|稳赚|零风险|100 ?%\s*(安全|合规|达标)|绝对安全|完全合规",
    re.IGNORECASE,
)
SOURCE_CHARACTERS = 4


def check_languages(found: Contents, findings: Findings) -> None:
    """Every text in both languages, each in its own script, and nothing promised outside the guide."""
    for file, root in found.nodes.items():
        for node in _bilingual(root):
            entries = node.mapping()
            zh, en = (str(entries[language].value or "") for language in LANGUAGES)
            if zh == en and len(zh) > 12:
                findings.add(
                    node,
                    file,
                    "both languages hold the same text",
                    code="not_translated",
                    remedy="Write each language in its own words.",
                )
            elif _cjk.search(en) and not _quoted_only(en):
                findings.add(
                    entries["en"],
                    file,
                    "the English text holds Chinese characters",
                    code="wrong_language",
                    remedy="Write it in English.",
                )
            elif not _cjk.search(zh) and len(_latin_words.findall(zh)) > 2:
                findings.add(
                    entries["zh-CN"],
                    file,
                    "the Chinese text holds no Chinese character",
                    code="wrong_language",
                    remedy="Write it in Chinese.",
                )
            if not file.startswith("guide/"):
                for language in LANGUAGES:
                    promise = _promises.search(str(entries[language].value))
                    if promise:
                        findings.add(
                            entries[language],
                            file,
                            f"{promise[0]!r} promises what nobody can keep",
                            code="promise",
                            remedy="Say what was found and how sure it is.",
                            value=promise[0],
                        )


def _quoted_only(text: str) -> bool:
    return not _cjk.search(re.sub(r"[\"“(].*?[\"”)]", "", text))


def _bilingual(node: Node) -> Iterator[Node]:
    if isinstance(node.value, dict):
        if set(node.value) == set(LANGUAGES) and all(isinstance(item.value, str) for item in node.value.values()):
            yield node
            return
        for item in node.value.values():
            yield from _bilingual(item)
    elif isinstance(node.value, list):
        for item in node.value:
            yield from _bilingual(item)


def check_source(findings: Findings, node: Node, file: str, source: Mapping[str, str]) -> None:
    """A value must say in both languages where it comes from."""
    if any(len(source.get(language, "").strip()) < SOURCE_CHARACTERS for language in LANGUAGES):
        findings.add(
            node,
            file,
            "the value has no source",
            code="no_source",
            remedy="Say in both languages where the value comes from and how it was chosen.",
        )
