"""Bodies of pushed rows, read piece by piece: NDJSON, CSV, and JSON documents of a moderate size."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portal.api_rows import LONGEST_ROW, BodyError, Form, Rows

_TRUTHS = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}


class NdjsonReader:
    """One JSON object a line."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """Read a piece of the body."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > LONGEST_ROW:
            raise _long_row(self.rows.read + 1)

    def end(self) -> None:
        """Read what is left."""
        self._line(self._rest)

    def _line(self, line: bytes) -> None:
        if not line.strip():
            return
        if len(line) > LONGEST_ROW:
            raise _long_row(self.rows.read + 1)
        try:
            row = _json(line)
        except ValueError:
            self.rows.read += 1
            self.rows.reject("", "not_json")
            return
        self.rows.add(row)


class CsvReader:
    """Comma-separated values; the first record names the fields, times and numbers are written as in JSON."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._rest = b""
        self._pending: list[str] = []
        self._quotes = self._size = 0
        self._forms = {cell.name: cell.form for cell in rows.kind.cells}
        self._head: list[str] = []

    def feed(self, piece: bytes) -> None:
        """Read a piece of the body."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._line(line + b"\n")
        if len(self._rest) > LONGEST_ROW:
            raise _long_row(self.rows.read + 1)

    def end(self) -> None:
        """Read what is left."""
        if self._rest:
            self._line(self._rest)
        if self._pending:
            raise BodyError("a quoted text is not closed", code="unclosed_quote", remedy='Close it, or double the ".')
        if not self._head:
            raise BodyError("there is no header", code="no_header", remedy="Name the fields in the first line.")

    def _line(self, line: bytes) -> None:
        """Put lines together until every quoted text is closed: a record may hold line ends."""
        try:
            text = line.decode("utf-8-sig" if not self._head else "utf-8")
        except UnicodeDecodeError:
            raise BodyError("the text is not UTF-8", code="body_not_utf8", remedy="Send it as UTF-8.") from None
        self._size += len(line)
        if self._size > LONGEST_ROW:
            raise _long_row(self.rows.read + 1)
        self._pending.append(text)
        self._quotes += text.count('"')
        if self._quotes % 2 == 0:
            pending, self._pending, self._quotes, self._size = self._pending, [], 0, 0
            self._record(pending)

    def _record(self, lines: Sequence[str]) -> None:
        try:
            record = next(csv.reader(lines, strict=True), [])
        except csv.Error:
            if not self._head:
                raise BodyError(
                    "the header cannot be read", code="no_header", remedy="Name the fields in the first line."
                ) from None
            self.rows.read += 1
            self.rows.reject("", "not_csv")
            return
        if not any(cell.strip() for cell in record):
            return
        if not self._head:
            self._head = [cell.strip() for cell in record]
            if len(set(self._head)) < len(self._head):
                raise BodyError("two columns have one name", code="no_header", remedy="Give each column its own name.")
            return
        if len(record) != len(self._head):
            self.rows.read += 1
            self.rows.reject("", "not_csv")
            return
        row = {
            name: _typed(self._forms[name], cell) if name in self._forms else cell
            for name, cell in zip(self._head, record, strict=True)
            if cell.strip() or name not in self._forms
        }
        self.rows.add(row)


class JsonReader:
    """One JSON document: a list of rows, or {"rows": [...]}; it is held until it is complete."""

    MOST = 8 * 2**20

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._body = bytearray()

    def feed(self, piece: bytes) -> None:
        """Hold a piece of the body."""
        self._body += piece
        if len(self._body) > self.MOST:
            raise BodyError(
                "a JSON document is held as a whole, so it may have 8 MB",
                code="json_too_large",
                remedy="Send NDJSON or CSV, which are read as they come.",
            )

    def end(self) -> None:
        """Read it."""
        try:
            document = _json(bytes(self._body))
        except ValueError:
            raise BodyError("the body is not JSON", code="body_not_json", remedy="Send JSON, NDJSON or CSV.") from None
        found = document.get("rows") if isinstance(document, Mapping) else document
        if not isinstance(found, list) or not found:
            raise BodyError("there is no list of rows", code="no_row_list", remedy='Send a list, or {"rows": [...]}.')
        for row in found:
            self.rows.add(row)


READERS: Mapping[str, Callable[[Rows], NdjsonReader | CsvReader | JsonReader]] = {
    "application/json": JsonReader,
    "application/x-ndjson": NdjsonReader,
    "text/csv": CsvReader,
}
"""How a body is read, by its media type."""


def _typed(form: Form, text: str) -> object:
    """What the text of a CSV cell would be in JSON; what cannot be read stays text and is refused as such."""
    if form in {"seconds", "count"}:
        try:
            return float(text)
        except ValueError:
            return text
    return _TRUTHS.get(text.strip().lower(), text) if form == "truth" else text


def _json(text: bytes) -> Any:
    """Parse JSON as the standard has it: no NaN, no nesting that would exhaust the stack."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _long_row(number: int) -> BodyError:
    return BodyError(
        f"row {number} has more than {LONGEST_ROW // 1024} KB",
        code="row_too_long",
        place=str(number),
        remedy="Check that rows end with a line end, and that quotes are closed.",
        row=number,
    )
