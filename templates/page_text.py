"""The printed lines of a PDF's pages with their places, and pages as small pictures. For the limited worker only."""

from __future__ import annotations

import io
import itertools
import logging
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pdfplumber
import pypdfium2
from pdfminer.pdfexceptions import PDFException
from pdfplumber.page import Page
from pdfplumber.utils.exceptions import PdfminerException

from templates.node import DocumentError
from templates.readers_pdf import damaged, inspect_pdf, refuse_hidden_text
from templates.requirements import Box, Line
from templates.tables import Caps

MOST_PAGES = 120
"""How many pages of a document are looked through for requirements."""

OPEN: Callable[..., Any] = pypdfium2.PdfDocument  # it has no types

WIDTH, HEIGHT = 820, 1400
"""The most that a page's picture measures, in pixels."""


def page_lines(data: bytes, name: str, caps: Caps, *, password: str | None = None) -> tuple[int, list[Line]]:
    """The number of pages, and the lines and rows of the first `MOST_PAGES` in reading order.

    Raises FileRefused as `read_pdf` (password, macro, bomb, too_large, scan, unreadable_font, damaged).
    """
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    pages, _ = inspect_pdf(data, name, caps, password=password)
    lines: list[Line] = []
    letters: list[str] = []
    try:
        with pdfplumber.open(io.BytesIO(data), password=password or "") as pdf:
            for number, page in enumerate(pdf.pages[:MOST_PAGES], start=1):
                letters.append("".join(char["text"] for char in page.chars))
                lines.extend(_lines(page, number))
                page.close()
    except (PDFException, PdfminerException, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise damaged(name) from error
    refuse_hidden_text(letters, name, pages)
    return pages, lines


def page_picture(data: bytes, name: str, caps: Caps, *, page: int, password: str | None = None) -> bytes:
    """One page (from 1) as a PNG of at most `WIDTH` by `HEIGHT`. Raises FileRefused, and DocumentError no_such_page."""
    pages, _ = inspect_pdf(data, name, caps, password=password)
    if not 1 <= page <= pages:
        raise DocumentError(
            f"{name} has {pages} pages, there is no page {page}", code="no_such_page", place=str(page),
            remedy="Choose one of its pages.", file=name, count=pages,
        )  # fmt: skip
    try:
        with OPEN(data, password=password) as pdf:
            drawn = pdf[page - 1]
            scale = min(WIDTH / max(drawn.get_width(), 1.0), HEIGHT / max(drawn.get_height(), 1.0), 4.0)
            out = io.BytesIO()
            drawn.render(scale=scale).to_pil().convert("RGB").quantize(48).save(out, format="PNG", optimize=False)
            return out.getvalue()
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise damaged(name) from error


def _lines(page: Page, number: int) -> Iterator[Line]:
    """The rows of ruled tables and the lines beside them, from the top down."""
    left, top, right, bottom = page.cropbox or page.bbox
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)

    def share(box: Sequence[float]) -> Box:
        edges = ((box[0] - left) / width, (box[1] - top) / height, (box[2] - left) / width, (box[3] - top) / height)
        west, north, east, south = (min(max(edge, 0.0), 1.0) for edge in edges)
        return west, north, east, south

    found: list[Line] = []
    taken: list[Sequence[float]] = []
    for table in page.find_tables() if page.chars else ():
        rows = [tuple(" ".join((cell or "").split()) for cell in row) for row in table.extract()]
        if len(rows) < 2 or max(len(row) for row in rows) < 2 or sum(bool(cell) for row in rows for cell in row) < 4:
            continue
        taken.append(table.bbox)
        for row, cells in zip(table.rows, rows, strict=True):
            if any(cells):
                text = " | ".join(cell for cell in cells if cell)
                found.append(Line(page=number, text=text, box=share(row.bbox), cells=cells, heads=rows[0]))
    words = [word for word in page.extract_words() if not any(_inside(word, box) for box in taken)]
    for group in _by_line(words):
        box = (group[0]["x0"], min(w["top"] for w in group), group[-1]["x1"], max(w["bottom"] for w in group))
        cells = tuple(_cells(group))
        found.append(Line(page=number, text=" ".join(cells), box=share(box), cells=cells if len(cells) > 1 else ()))
    yield from sorted(found, key=lambda line: (line.box[1], line.box[0]))


def _inside(word: dict[str, Any], box: Sequence[float]) -> bool:
    x, y = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _by_line(words: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Words whose middles stand at one height, from left to right."""
    group: list[dict[str, Any]] = []
    for word in sorted(words, key=lambda one: (one["top"] + one["bottom"], one["x0"])):
        middle = (word["top"] + word["bottom"]) / 2
        if group and not group[0]["top"] <= middle <= group[0]["bottom"]:
            yield sorted(group, key=lambda one: one["x0"])
            group = []
        group.append(word)
    if group:
        yield sorted(group, key=lambda one: one["x0"])


def _cells(line: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A line's words, parted where a gap is wider than two letters are high."""
    wide = 2.0 * statistics.median(word["bottom"] - word["top"] for word in line)
    cell = [line[0]["text"]]
    for last, word in itertools.pairwise(line):
        if word["x0"] - last["x1"] > wide and not _is_mark(cell):
            yield " ".join(cell)
            cell = []
        cell.append(word["text"])
    yield " ".join(cell)


def _is_mark(cell: Sequence[str]) -> bool:
    """A clause's number stands apart from its words and yet belongs to them."""
    return len(cell) == 1 and len(cell[0]) <= 8 and not cell[0].isalpha()
