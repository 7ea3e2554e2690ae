"""PDF pages become tables: pikepdf looks first (passwords, programs, loops, bombs), pdfplumber reads.

Ruled tables come first; on a page without any, words that stand in columns are a table. A table that goes on over
pages is joined; a scan, or a font that hides its letters, is said and never passed on as an empty success.
"""

from __future__ import annotations

import io
import logging
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pdfplumber
import pikepdf
from pdfminer.pdfexceptions import PDFException
from pdfplumber.page import Page
from pdfplumber.utils.exceptions import PdfminerException

from templates.aligned_text import aligned_tables
from templates.cells import fold
from templates.grids import tables_of
from templates.headings import Grid, Row, is_wordy
from templates.tables import Caps, FileRefused, Note, Opened, RawTable
from templates.times import share_of_times

STREAM_BYTES = 64 * 2**20
"""What one content stream may inflate to."""

_hidden_letter = re.compile(r"\(cid:\d+\)|[\ue000-\uf8ff\ufffd]")
_numeric = re.compile(r"[\d\s/.:,%-]+")
_quiet = logging.getLogger("pdfminer")


def read_pdf(data: bytes, name: str, caps: Caps, *, password: str | None = None) -> Opened:
    """Read a PDF. Raises FileRefused (password, macro, bomb, too_large, scan, unreadable_font, damaged)."""
    _quiet.setLevel(logging.CRITICAL)
    pages, encrypted = inspect_pdf(data, name, caps, password=password)
    facts: dict[str, object] = {
        "pages": pages,
        "text_chars": 0,
        "encrypted": encrypted,
        "needs_password": bool(encrypted and password and not _opens(data, "")),
    }
    grids: list[tuple[Grid, tuple[float, ...]]] = []
    letters: list[str] = []
    blank_pages: list[int] = []
    by_position: list[int] = []
    try:
        with pdfplumber.open(io.BytesIO(data), password=password or "") as pdf:
            for number, page in enumerate(pdf.pages, start=1):
                letters.append("".join(char["text"] for char in page.chars))
                if not letters[-1].strip() and page.images:
                    blank_pages.append(number)
                found, ruled = _page_grids(page, number)
                by_position.extend([number] if found and not ruled else [])
                grids.extend(found)
                page.close()
    except (PDFException, PdfminerException, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise damaged(name) from error
    facts["text_chars"] = sum(len(part) for part in letters)
    refuse_hidden_text(letters, name, pages)
    notes = [Note(code="scanned_pages", params={"pages": ", ".join(map(str, blank_pages[:10]))})] if blank_pages else []
    if by_position:
        notes.append(Note(code="tables_by_position", params={"pages": ", ".join(map(str, by_position[:10]))}))
    tables = [table for grid in _joined(grids) for table in tables_of(grid)]
    if not tables:
        notes.append(Note(code="no_tables", params={"pages": pages}))
    return Opened(name=name, sha256="", facts=facts, tables=tuple(_numbered(tables)), notes=tuple(notes))


def refuse_hidden_text(letters: Sequence[str], name: str, pages: int) -> None:
    """Raise FileRefused scan or unreadable_font where the letters of the pages are none that can be read."""
    text = "".join(letters)
    if not text.strip():
        raise FileRefused(
            f"{name}: {pages} pages of pictures without any text: this is a scan",
            code="scan",
            remedy="Type the values in here, or upload the file that was printed; keep the scan as evidence.",
            file=name,
            pages=pages,
        )
    hidden = len(_hidden_letter.findall(text))
    if hidden > 20 and hidden > 0.3 * len(_hidden_letter.sub("x", text)):
        raise FileRefused(
            f"{name}: its fonts do not say which letters they show ({hidden} signs)",
            code="unreadable_font",
            remedy="Export the document again with embedded fonts, or upload the table as XLSX or CSV.",
            file=name,
            count=hidden,
        )


def inspect_pdf(data: bytes, name: str, caps: Caps, *, password: str | None) -> tuple[int, bool]:
    """Look at a PDF's structure without drawing anything: number of pages, whether it is encrypted."""
    try:
        with pikepdf.open(io.BytesIO(data), password=password or "") as pdf:
            pages = len(pdf.pages)
            if pages > caps.pages:
                raise FileRefused(
                    f"{name}: {pages} pages, at most {caps.pages} are read",
                    code="too_large",
                    remedy="Upload only the pages with tables.",
                    file=name,
                    limit=caps.pages,
                    what="pages",
                )
            if pages == 0:
                raise damaged(name)
            _refuse_programs(pdf, name)
            _count_streams(pdf, name, caps)
            return pages, bool(pdf.is_encrypted)
    except pikepdf.PasswordError as error:
        given = "the password does not open it" if password else "the file is protected by a password"
        raise FileRefused(
            f"{name}: {given}",
            code="password",
            remedy="Give the password, or save a copy without one (it is sealed here anyway).",
            file=name,
        ) from error
    except (pikepdf.PdfError, pikepdf.DataDecodingError, RuntimeError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, FileRefused):
            raise
        raise damaged(name) from error


def _opens(data: bytes, password: str) -> bool:
    try:
        with pikepdf.open(io.BytesIO(data), password=password):
            return True
    except pikepdf.PasswordError:
        return False


def _refuse_programs(pdf: pikepdf.Pdf, name: str) -> None:
    root = pdf.Root
    names = root.get("/Names")
    found = ""
    if names is not None and "/JavaScript" in names:
        found = "JavaScript"
    elif (names is not None and "/EmbeddedFiles" in names) or "/Collection" in root:
        found = "embedded files"
    action = root.get("/OpenAction")
    if isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "")) in {
        "/JavaScript",
        "/Launch",
        "/ImportData",
    }:
        found = str(action.get("/S"))[1:]
    if found:
        raise FileRefused(
            f"{name}: the PDF carries {found}",
            code="macro",
            remedy="Print it to a plain PDF and upload that file.",
            file=name,
            what=found,
        )


def _count_streams(pdf: pikepdf.Pdf, name: str, caps: Caps) -> None:
    """Inflate every stream that a reader would inflate, in pieces, and count what really comes out."""
    total = 0
    for thing in pdf.objects:
        if not isinstance(thing, pikepdf.Stream) or str(thing.get("/Subtype", "")) == "/Image":
            continue
        filters = thing.get("/Filter")
        chain = [str(entry) for entry in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
        rounds = sum(entry in {"/FlateDecode", "/Fl"} for entry in chain)
        if rounds > 2 or len(chain) > 4:
            raise _bomb(name)
        if not rounds or chain[0] not in {"/FlateDecode", "/Fl"}:
            continue
        size = 0
        for piece in _inflated([thing.read_raw_bytes()], rounds):
            size += len(piece)
            if size > STREAM_BYTES or total + size > caps.inflated_bytes:
                raise _bomb(name)
        total += size


def _inflated(pieces: Iterator[bytes] | Sequence[bytes], rounds: int) -> Iterator[bytes]:
    if rounds == 0:
        yield from pieces
        return
    engine = zlib.decompressobj()
    for piece in _inflated(pieces, rounds - 1):
        rest = piece
        while rest and not engine.eof:
            try:
                yield engine.decompress(rest, 1 << 18)
            except zlib.error:
                return
            rest = engine.unconsumed_tail


def _bomb(name: str) -> FileRefused:
    return FileRefused(
        f"{name}: a page unpacks to far more than a page needs",
        code="bomb",
        remedy="Print it to a plain PDF and upload that file.",
        file=name,
        what="stream",
    )


def damaged(name: str) -> FileRefused:
    """What is raised for a PDF that cannot be opened."""
    return FileRefused(
        f"{name}: the PDF is damaged and cannot be opened",
        code="damaged",
        remedy="Open it where it was made, save it again as PDF and upload that file.",
        file=name,
    )


# --- tables ---------------------------------------------------------------------------------------------------------


def page_grids(data: bytes, *, password: str = "") -> list[Grid]:
    """The cells of each table as they stand on their page, before headers and totals are told from data."""
    with pdfplumber.open(io.BytesIO(data), password=password) as pdf:
        return [grid for number, page in enumerate(pdf.pages, start=1) for grid, _ in _page_grids(page, number)[0]]


def _page_grids(page: Page, number: int) -> tuple[list[tuple[Grid, tuple[float, ...]]], bool]:
    """The tables of a page and whether they have ruled lines."""
    ruled = list(_grids(page, number))
    return (ruled, True) if ruled or not page.chars else (list(_aligned(page, number)), False)


def _grids(page: Page, number: int) -> Iterator[tuple[Grid, tuple[float, ...]]]:
    for table in page.find_tables():
        cells = table.extract()
        rows: list[Row] = [[_cell(cell) for cell in row] for record in cells for row in _lines(record)]
        if not _is_data(rows):
            continue
        edges = tuple(sorted({round(cell[0]) for row in table.rows for cell in row.cells if cell is not None}))
        top, bottom = table.bbox[1] / page.height, table.bbox[3] / page.height
        grid = Grid(rows=rows, name=f"page {number}", place=f"page {number}")
        yield grid, (top, bottom, *edges)


def _aligned(page: Page, number: int) -> Iterator[tuple[Grid, tuple[float, ...]]]:
    for table in aligned_tables(page.extract_words()):
        rows: list[Row] = [[_cell(cell) for cell in row] for row in table.rows]
        _, top, _, bottom = table.box
        shape = (top / page.height, bottom / page.height, *(round(edge) for edge in table.edges))
        yield Grid(rows=rows, name=f"page {number}", place=f"page {number}"), shape


def _lines(record: Sequence[str | None]) -> list[Sequence[str | None]]:
    """One ruled row that holds several lines in most of its cells is several rows."""
    split = [(cell or "").split("\n") if cell else [] for cell in record]
    counts = [len(lines) for lines in split if lines]
    if len(counts) < 3:
        return [record]
    count = max(set(counts), key=counts.count)
    if count < 3 or counts.count(count) < 0.8 * len(counts):
        return [record]
    return [[lines[k] if k < len(lines) else None for lines in split] for k in range(max(counts))]


def _cell(cell: str | None) -> str | None:
    """A cell's text on one line; digits that were set with wide gaps are closed up ("0 3 / 2 5 / 2 0 16")."""
    if cell is None:
        return None
    text = fold(cell.replace("\n", " "))
    if " " in text and _numeric.fullmatch(text) and not share_of_times((text,)):
        closed = text.replace(" ", "")
        if share_of_times((closed,)) or re.fullmatch(r"-?[\d,]+(?:\.\d+)?%?", closed):
            return closed
    return text or None


def _is_data(rows: Sequence[Row]) -> bool:
    """Ruled lines around figures and boxes around prose are not tables."""
    width = max((len(row) for row in rows), default=0)
    full = sum(1 for row in rows for cell in row if cell)
    if len(rows) < 2 or width < 2 or full < 4 or full < 0.3 * len(rows) * width:
        return False
    firm = [sum(1 for cell in row if cell) for row in rows]
    if sum(count >= 2 for count in firm) < 2:
        return False
    long_words = sum(1 for row in rows for cell in row if isinstance(cell, str) and len(cell) > 300)
    return long_words <= 0.2 * full


def _joined(grids: Sequence[tuple[Grid, tuple[float, ...]]]) -> list[Grid]:
    """Join what goes on at the top of the next page with the same columns."""
    out: list[Grid] = []
    last: tuple[float, ...] = ()
    page = 0
    for grid, shape in grids:
        number = int(grid.place.split()[1])
        width = len(grid.rows[0])
        goes_on = (
            out
            and number == page + 1
            and len(out[-1].rows[0]) == width
            and last[1] > 0.6
            and shape[0] < 0.35
            and (_close(last[2:], shape[2:]) or _head(out[-1].rows[0]) == _head(grid.rows[0]))
        )
        if goes_on:
            rows = list(grid.rows)
            if _head(rows[0]) == _head(out[-1].rows[0]):
                rows = rows[1:]
            out[-1] = replace(out[-1], rows=[*out[-1].rows, *rows])
        else:
            out.append(grid)
        last, page = shape, number
    return out


def _head(row: Row) -> list[str]:
    return ["".join(str(cell or "").split()) for cell in row] if any(map(is_wordy, row)) else [""]


def _close(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    return len(ours) == len(theirs) and all(abs(a - b) <= 4 for a, b in zip(ours, theirs, strict=True))


def _numbered(tables: Sequence[RawTable]) -> Iterator[RawTable]:
    for table in tables:
        yield replace(table, rows=np.arange(1, len(table) + 1, dtype=np.int64) + 1)
