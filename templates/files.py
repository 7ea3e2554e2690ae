"""A hostile file becomes plain tables or a clear refusal; the kind is told from the bytes, not from the name.

In the portal and in `mingsuan read` this runs inside a worker process with limits (`templates.limited`).
"""

from __future__ import annotations

from templates.tables import Caps, Cell, FileRefused, Note, Opened, RawTable

__all__ = ["Caps", "Cell", "FileRefused", "Note", "Opened", "RawTable", "open_tables"]


def open_tables(
    data: bytes, name: str, *, password: str | None = None, sheet: str | None = None, caps: Caps | None = None
) -> Opened:
    """The tables of one file.

    `name` is what the person calls the file (only its ending is looked at, and only to name a mismatch); pasted
    text is a file too. `sheet` keeps one sheet of a workbook. Raises FileRefused.
    """
    raise RuntimeError("being written")
