"""Workbooks become tables: XLSX, XLS and ODS through calamine, after the container has been looked at.

A zip container is checked by its directory and by really inflating every member under a cap, so that a bomb is
refused by the bytes it gives and not by the size it claims. Macros, encryption and entity declarations are refused.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

import python_calamine as calamine

from templates.grids import tables_of
from templates.headings import Grid
from templates.signatures import OLE
from templates.tables import Caps, FileRefused, Note, Opened, RawTable

MEMBER_RATIO = 400
"""A member that inflates to more than this times its packed size, and to more than 40 MB, is a bomb."""

_declares = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_far_cell = re.compile(rb'r="(?:[A-Z]{3}\d|[A-Z]{2}\d{5})')  # begins with a literal, which is found quickly
_cell_place = re.compile(rb'r="([A-Z]{1,3})(\d{1,7})"')


def read_workbook(data: bytes, name: str, caps: Caps, *, sheet: str | None = None) -> Opened:
    """Read a workbook. Raises FileRefused (password, macro, bomb, too_large, not_this_type, damaged)."""
    external = False
    if data.startswith(b"PK"):
        external = check_zip(data, name, caps)
    elif data.startswith(OLE):
        check_ole(data, name)
    try:
        book = calamine.load_workbook(io.BytesIO(data))
        names = list(book.sheet_names)
        kinds = {entry.name: entry.typ for entry in book.sheets_metadata}
        hidden = {entry.name for entry in book.sheets_metadata if entry.visible != calamine.SheetVisibleEnum.Visible}
    except calamine.PasswordError as error:
        raise _locked(name) from error
    except (calamine.CalamineError, calamine.XmlError, calamine.ZipError, OSError, ValueError) as error:
        raise _damaged(name) from error
    if sheet is not None and sheet not in names:
        raise FileRefused(
            f"{name}: there is no sheet {sheet!r}; there are {', '.join(names[:20])}",
            code="no_such_sheet",
            place=sheet,
            remedy="Take one of the names.",
            file=name,
            sheet=sheet,
            sheets=", ".join(names[:20]),
        )
    if len(names) > caps.sheets:
        raise _too_large(name, caps.sheets, "sheets")
    tables: list[RawTable] = []
    notes: list[Note] = [Note(code="external_links")] if external else []
    cells = 0
    for title in names if sheet is None else [sheet]:
        if kinds.get(title, calamine.SheetTypeEnum.WorkSheet) != calamine.SheetTypeEnum.WorkSheet:
            continue
        grid = _sheet(book, title, name, caps)
        cells += len(grid.rows) * (len(grid.rows[0]) if grid.rows else 0)
        if cells > caps.cells:
            raise _too_large(name, caps.cells, "cells")
        found = tables_of(grid)
        if found and title in hidden:
            notes.append(Note(code="hidden_sheet", params={"sheet": title}))
        tables.extend(found)
    return Opened(name=name, sha256="", facts={"sheets": len(names)}, tables=tuple(tables), notes=tuple(notes))


def raw_sheets(data: bytes, name: str, caps: Caps) -> dict[str, list[list[object]]]:
    """Every sheet as rows of values, as they stand, by its name. Raises FileRefused as `read_workbook`."""
    if data.startswith(b"PK"):
        check_zip(data, name, caps)
    try:
        book = calamine.load_workbook(io.BytesIO(data))
        sheets = {title: book.get_sheet_by_name(title) for title in book.sheet_names[: caps.sheets]}
    except (calamine.CalamineError, calamine.XmlError, calamine.ZipError, OSError, ValueError) as error:
        raise _damaged(name) from error
    if sum(sheet.height * sheet.width for sheet in sheets.values()) > caps.cells:
        raise _too_large(name, caps.cells, "cells")
    return {title: [list(row) for row in sheet.to_python(skip_empty_area=False)] for title, sheet in sheets.items()}


def _sheet(book: calamine.CalamineWorkbook, title: str, name: str, caps: Caps) -> Grid:
    try:
        sheet = book.get_sheet_by_name(title)
        if sheet.total_height * max(1, sheet.total_width) > 40 * caps.cells and sheet.height * sheet.width > caps.cells:
            raise _too_large(name, caps.cells, "cells")
        if sheet.height > caps.rows or sheet.width > caps.columns or sheet.height * sheet.width > caps.cells:
            what = "columns" if sheet.width > caps.columns else "rows"
            raise _too_large(name, caps.columns if what == "columns" else caps.rows, what)
        cells = sheet.to_python(skip_empty_area=True)
        ranges = sheet.merged_cell_ranges or []
    except (calamine.CalamineError, calamine.XmlError, calamine.ZipError, OSError, ValueError) as error:
        if isinstance(error, FileRefused):
            raise
        raise _damaged(name) from error
    top, left = sheet.start or (0, 0)
    spans = tuple((r0 - top, c0 - left, r1 - top, c1 - left) for (r0, c0), (r1, c1) in ranges[:100_000])
    return Grid(rows=cells, name=title, place=title, first_row=top + 1, spans=spans)


def check_zip(data: bytes, name: str, caps: Caps) -> bool:
    """Refuse a zip container that could hurt; true when it points to other files (links are never followed).

    Every member is inflated once in pieces and thrown away, and the real bytes are counted.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(name) from error
    names = [member.filename for member in members]
    if len(members) > caps.members or len(set(names)) != len(names):
        raise bomb(name, "members")
    if any(member.flag_bits & 1 for member in members):
        raise _locked(name)
    for path in names:
        low = path.lower()
        if "vbaproject" in low or low.endswith((".bin.exe", "xlmmacros.xml")) or "/macrosheets/" in low:
            raise _macro(name)
        if path.startswith(("/", "\\")) or ".." in re.split(r"[\\/]", path) or "\x00" in path:
            raise _damaged(name)
    if not any(path in {"[Content_Types].xml", "mimetype", "content.xml"} for path in names):
        raise FileRefused(
            f"{name}: this is a zip archive and not a workbook",
            code="not_this_type",
            remedy="Unpack it and upload the files that are in it, one by one.",
            file=name,
            found="zip",
        )
    total = 0
    external = False
    for member in members:
        size = 0
        first = b""
        carry = b""
        far = (0, 0)
        try:
            with archive.open(member) as stream:
                while piece := stream.read(1 << 18):
                    size += len(piece)
                    first = first or piece[:4096]
                    if member.filename.endswith((".xml", ".rels")) and _declares.search(carry + piece):
                        raise bomb(name, "entities")
                    if b"macroEnabled" in piece and member.filename == "[Content_Types].xml":
                        raise _macro(name)
                    if member.filename.startswith("xl/worksheets/") and _far_cell.search(carry + piece):
                        far = _reach(carry + piece, far)
                        if far[0] * far[1] > caps.cells:
                            raise _too_large(name, caps.cells, "cells")
                    carry = piece[-24:]
                    if total + size > caps.inflated_bytes or (
                        size > 40 * 2**20 and size > MEMBER_RATIO * max(1, member.compress_size)
                    ):
                        raise bomb(name, "size")
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise _damaged(name) from error
        total += size
        external |= member.filename.startswith("xl/externalLinks/")
    return external


def _reach(piece: bytes, far: tuple[int, int]) -> tuple[int, int]:
    """The farthest row and column of the cells in a piece: a reader makes room for all that lies before them."""
    rows, columns = far
    for letters_, number in set(_cell_place.findall(piece)):
        column = 0
        for letter in letters_:
            column = 26 * column + letter - 64
        rows, columns = max(rows, int(number)), max(columns, column)
    return rows, columns


def check_ole(data: bytes, name: str) -> None:
    """Refuse an old binary container that is encrypted or carries macros; its directory names its streams."""
    if _has_entry(data, "EncryptedPackage") or _has_entry(data, "EncryptionInfo"):
        raise _locked(name)
    if any(_has_entry(data, entry) for entry in ("_VBA_PROJECT", "_VBA_PROJECT_CUR", "VBA")):
        raise _macro(name)
    if not _has_entry(data, "Workbook") and not _has_entry(data, "Book"):
        raise FileRefused(
            f"{name}: this is not a workbook (an old Word or mail file?)",
            code="not_this_type",
            remedy="Save the table as XLSX or CSV and upload that file.",
            file=name,
            found="ole",
        )


def _has_entry(data: bytes, entry: str) -> bool:
    """Whether a compound file has this entry: its name in 64 bytes, then the name's length (MS-CFB 2.6.1)."""
    name = entry.encode("utf-16-le") + b"\x00\x00"
    place = data.find(name)
    while place >= 0:
        if data[place + 64 : place + 66] == len(name).to_bytes(2, "little"):
            return True
        place = data.find(name, place + 2)
    return False


def bomb(name: str, what: str) -> FileRefused:
    """The refusal of a file that would grow beyond all measure."""
    return FileRefused(
        f"{name}: it unpacks to far more than a workbook needs ({what})",
        code="bomb",
        remedy="Export the table again, plainly, without pictures and embedded files.",
        file=name,
        what=what,
    )


def _locked(name: str) -> FileRefused:
    return FileRefused(
        f"{name}: the file is protected by a password",
        code="password",
        remedy="Save a copy without password (it is sealed here anyway), or give the password.",
        file=name,
    )


def _macro(name: str) -> FileRefused:
    return FileRefused(
        f"{name}: the workbook carries macros",
        code="macro",
        remedy="Save it as XLSX without macros, or as CSV, and upload that file.",
        file=name,
    )


def _damaged(name: str) -> FileRefused:
    return FileRefused(
        f"{name}: the workbook is damaged and cannot be opened",
        code="damaged",
        remedy="Open it where it was made, save it again as XLSX or CSV and upload that file.",
        file=name,
    )


def _too_large(name: str, limit: int, what: str) -> FileRefused:
    return FileRefused(
        f"{name}: more than {limit:,} {what}",
        code="too_large",
        remedy="Split it, or export only the rows and columns that matter.",
        file=name,
        limit=limit,
        what=what,
    )
