"""A hostile file becomes plain tables or a clear refusal; the kind is told from the bytes, not from the name.

In the portal and in `mingsuan read` this runs inside a worker process with limits (`templates.limited`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from templates.readers_csv import read_csv
from templates.readers_dxf import is_dxf, read_dxf
from templates.readers_excel import OLE, read_workbook
from templates.readers_json import is_json, read_json
from templates.readers_pdf import read_pdf
from templates.tables import Caps, Cell, FileRefused, Note, Opened, RawTable

__all__ = ["Caps", "Cell", "FileRefused", "Note", "Opened", "RawTable", "file_kind", "open_tables"]

_pictures: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"\x00\x00\x01\x00", "ICO"),
)
_foreign: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"\x00\x00\x00\x18ftyp", "video"),
    (b"\x00\x00\x00 ftyp", "video"),
    (b"AC10", "DWG"),
    (b"{\\rtf", "RTF"),
)


def file_kind(data: bytes) -> str:
    """What the bytes are: pdf, zip, ole, dxf, json, text, or the name of a kind that is no table.

    >>> file_kind(b"%PDF-1.7"), file_kind(b"PK\\x03\\x04"), file_kind(b"a,b\\n1,2"), file_kind(b"\\xff\\xd8\\xff\\xe0")
    ('pdf', 'zip', 'text', 'JPEG')
    """
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if data.startswith(OLE):
        return "ole"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    for magic, kind in (*_pictures, *_foreign):
        if data.startswith(magic) and (len(magic) > 2 or b"\x00" in data[:512]):
            return kind
    if is_dxf(data):
        return "dxf"
    lead = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lead.startswith((b"<!doctype html", b"<html", b"<svg", b"<?xml", b"<!entity", b"<!doctype")):
        return "HTML" if b"<html" in lead else "XML"
    return "json" if is_json(data) else "text"


def open_tables(
    data: bytes, name: str, *, password: str | None = None, sheet: str | None = None, caps: Caps | None = None
) -> Opened:
    """The tables of one file.

    `name` is what the person calls the file (only its ending is looked at, and only to name a mismatch); pasted
    text is a file too. `sheet` keeps one sheet of a workbook. Raises FileRefused.
    """
    caps = caps or Caps()
    if len(data) > caps.file_bytes:
        raise FileRefused(
            f"{name}: {len(data) / 1e6:,.1f} MB are more than the {caps.file_bytes / 1e6:,.0f} MB a file may have",
            code="too_large",
            remedy="Split it by year or by line, or push the records through the API.",
            file=name,
            limit=f"{caps.file_bytes / 1e6:,.0f}",
            what="MB",
        )
    if not data.strip(b"\x00 \t\r\n"):
        raise FileRefused(
            f"{name}: the file is empty ({len(data)} bytes)",
            code="empty_file",
            remedy="Export it again and look into it before you upload it.",
            file=name,
        )
    kind = file_kind(data)
    readers: dict[str, Callable[[], Opened]] = {
        "pdf": lambda: read_pdf(data, name, caps, password=password),
        "zip": lambda: read_workbook(data, name, caps, sheet=sheet),
        "ole": lambda: read_workbook(data, name, caps, sheet=sheet),
        "dxf": lambda: read_dxf(data, name, caps),
        "json": lambda: read_json(data, name, caps),
        "text": lambda: read_csv(data, name, caps),
    }
    if kind not in readers:
        picture = kind in {found for _, found in _pictures} | {"WebP"}
        raise FileRefused(
            f"{name}: this is {'a picture' if picture else 'no table'} ({kind}), whatever its name says",
            code="not_this_type",
            remedy=(
                "Keep pictures as evidence; for data, type the values in or upload the table itself."
                if picture
                else "Upload a table as CSV, XLSX, XLS, ODS, JSON, PDF or DXF."
            ),
            file=name,
            found=kind,
        )
    opened = readers[kind]()
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    notes = opened.notes
    expected = _endings.get(ending)
    if expected is not None and kind not in expected:
        notes = (Note(code="ending_differs", params={"ending": ending, "found": kind}), *notes)
    facts = {"bytes": len(data), **opened.facts}
    return replace(opened, sha256=sha256(data).hexdigest(), facts=facts, notes=notes)


_endings: dict[str, tuple[str, ...]] = {
    "csv": ("text",),
    "tsv": ("text",),
    "xlsx": ("zip",),
    "ods": ("zip",),
    "xls": ("ole",),
    "pdf": ("pdf",),
    "dxf": ("dxf",),
    "json": ("json",),
    "ndjson": ("json",),
}
