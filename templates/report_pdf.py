"""A report as PDF with tags that a screen reader follows, and as pictures of its pages. Set by typst, offline.

The texts reach typst as data, so nothing in them can be markup. The one font is Noto Sans CJK; the file holds only the
letters it uses.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import manimgx_fonts_cjk
import typst

from templates.drawings import WIDTH, Drawing
from templates.report import FOLDER, Block, Bullets, Chart, Heading, Numbers, Paragraph, Report, Table

FONTS = [str(Path(manimgx_fonts_cjk.__file__).parent)]
NO_TIME = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
"""The same report gives the same bytes."""

COMPILE: Callable[..., Any] = typst.compile  # its stubs do not know that it takes files by name


def write_pdf(report: Report) -> bytes:
    """The report as a tagged PDF: PDF/UA-1, unless somebody typed a letter that the font does not have."""
    files = _files(report)
    common: dict[str, Any] = {"font_paths": FONTS, "ignore_system_fonts": True, "timestamp": NO_TIME}
    try:
        return bytes(COMPILE(files, **common, pdf_standards=["ua-1"]))
    except typst.TypstError:
        return bytes(COMPILE(files, **common))


def write_pictures(report: Report, *, dots: float = 90.0) -> tuple[bytes, ...]:
    """Each page of the report as a PNG; `dots` for each inch."""
    made = COMPILE(_files(report), font_paths=FONTS, ignore_system_fonts=True, format="png", ppi=dots)
    return (bytes(made),) if isinstance(made, bytes) else tuple(bytes(page) for page in made)


def write_picture(drawing: Drawing, *, dots: float = 220.0) -> bytes:
    """One drawing as a PNG, for writers that know no vector drawings."""
    empty = Report(
        language="en", kind="", title="", about="", sample="", front=((Chart(drawing=drawing),),),
        annex_title="", annex=(), footer="", digest="",
    )  # fmt: skip
    files = _files(empty, alone=True)
    return bytes(COMPILE(files, font_paths=FONTS, ignore_system_fonts=True, format="png", ppi=dots))


def _files(report: Report, *, alone: bool = False) -> dict[str, bytes]:
    language, _, region = report.language.partition("-")
    data = {
        "lang": language,
        "region": region.lower() or None,
        "kind": report.kind,
        "title": report.title,
        "about": report.about,
        "sample": report.sample,
        "keywords": [report.digest],
        "front": [[_block(one, size=8.5, level=2) for one in page] for page in report.front],
        "annex_title": report.annex_title,
        "annex": [
            {"title": section.title, "blocks": [_block(one, size=7.5, level=4) for one in section.blocks]}
            for section in report.annex
        ],
        "footer": report.footer,
        "alone": alone,
        "sheet": WIDTH,
    }
    source = (FOLDER / "report.typ").read_bytes()
    return {"main.typ": source, "data.json": json.dumps(data, ensure_ascii=False).encode()}


def _block(one: Block, *, size: float, level: int) -> dict[str, Any]:
    match one:
        case Heading(text=text):
            return {"kind": "heading", "text": text, "level": level}
        case Paragraph(text=text, kind=kind):
            return {"kind": "paragraph", "text": text, "style": kind}
        case Numbers(items=items):
            plain = [{"label": n.label, "value": n.value, "note": n.note, "tier": n.tier} for n in items]
            return {"kind": "numbers", "items": plain}
        case Chart(drawing=drawing):
            shapes = [{"kind": type(shape).__name__.lower(), **asdict(shape)} for shape in drawing.shapes]
            return {"kind": "chart", "alt": drawing.alt, "height": drawing.height / WIDTH, "shapes": shapes}
        case Bullets(items=items):
            return {"kind": "bullets", "items": list(items)}
        case Table():
            return {
                "kind": "table",
                "headers": list(one.headers),
                "rows": [list(row) for row in one.rows],
                "right": sorted(one.right),
                "widths": list(one.widths),
                "size": size,
                "tall": one.tall,
            }
