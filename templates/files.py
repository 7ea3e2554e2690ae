"""A hostile file becomes plain tables or a clear refusal; the kind is told from the bytes, not from the name.

In the portal and in `mingsuan read` this runs inside a worker process with limits (`templates.limited`).
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from templates.signatures import file_kind, is_picture
from templates.tables import Caps, Cell, FileRefused, Note, Opened, RawTable

__all__ = ["Caps", "Cell", "FileRefused", "Note", "Opened", "RawTable", "file_kind", "open_tables"]

_nothing = b"\x00 \t\r\n"
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
    if not data[:4096].strip(_nothing) and not data.strip(_nothing):
        raise FileRefused(
            f"{name}: the file is empty ({len(data)} bytes)",
            code="empty_file",
            remedy="Export it again and look into it before you upload it.",
            file=name,
        )
    kind = file_kind(data)
    if kind not in {"pdf", "zip", "ole", "dxf", "json", "text"}:
        picture = is_picture(kind)
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
    try:
        opened = _read(kind, data, name, caps, password=password, sheet=sheet)
    except FileRefused:
        raise
    except MemoryError as error:
        raise FileRefused(
            f"{name}: reading it takes far more memory than such a file needs",
            code="bomb",
            remedy="Export the table again, plainly, as CSV or XLSX.",
            file=name,
            what="memory",
        ) from error
    except Exception as error:  # third-party readers on hostile bytes may raise anything
        raise FileRefused(
            f"{name}: the file is damaged and broke its reader ({type(error).__name__})",
            code="damaged",
            remedy="Open it where it was made, save it again and upload that file.",
            file=name,
        ) from error
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    notes = opened.notes
    expected = _endings.get(ending)
    if expected is not None and kind not in expected:
        notes = (Note(code="ending_differs", params={"ending": ending, "found": kind}), *notes)
    facts = {"bytes": len(data), **opened.facts}
    return replace(opened, sha256=sha256(data).hexdigest(), facts=facts, notes=notes)


def _read(kind: str, data: bytes, name: str, caps: Caps, *, password: str | None, sheet: str | None) -> Opened:
    """Only the reader that is needed is loaded: a worker lives for one file."""
    if kind == "pdf":
        from templates.readers_pdf import read_pdf  # noqa: PLC0415  # heavy

        return read_pdf(data, name, caps, password=password)
    if kind in {"zip", "ole"}:
        from templates.readers_excel import read_workbook  # noqa: PLC0415  # heavy

        return read_workbook(data, name, caps, sheet=sheet)
    if kind == "dxf":
        from templates.readers_dxf import read_dxf  # noqa: PLC0415  # heavy

        return read_dxf(data, name, caps)
    if kind == "json":
        from templates.readers_json import read_json  # noqa: PLC0415  # as above

        return read_json(data, name, caps)
    from templates.readers_csv import read_csv  # noqa: PLC0415  # as above

    return read_csv(data, name, caps)
