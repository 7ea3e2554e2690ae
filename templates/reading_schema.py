"""The JSON Schema (draft 2020-12) of what `mingsuan read --json` prints."""

from __future__ import annotations

from typing import Any

from templates.catalogue import fields, kinds

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_number = {"type": "number"}
_count = {"type": "integer", "minimum": 0}
_text = {"type": "string"}
_file_facts: dict[str, Any] = {
    "bytes": _count, "pages": _count, "text_chars": _count, "encoding": _text,
    "separator": {"type": ["string", "null"]},
    "sheets": _count, "needs_password": {"type": "boolean"}, "encrypted": {"type": "boolean"}, "entities": _count,
    "lines": _count, "texts": _count, "layers": _count, "units": {"type": ["integer", "null"]},
}  # fmt: skip
_table_facts: dict[str, Any] = {
    "rows": _count, "machines": _count, "first": _text, "last": _text, "stops": _count, "total_downtime_s": _number,
    "runs": _count, "run_s": _number, "net_quantity": _number, "good_quantity": _number, "preventive": _count,
    "corrective": _count, "duration_s": _number, "labour_s": _number,
}  # fmt: skip


def _object(properties: dict[str, Any], *, needed: tuple[str, ...] | None = None) -> dict[str, Any]:
    required = list(properties) if needed is None else list(needed)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def reading_schema() -> dict[str, Any]:
    """The schema; facts are there where the file has them and their fields were mapped."""
    column = _object(
        {
            "header": _text,
            "field": {"enum": [*fields(), None]},
            "unit": _text,
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        }
    )
    table = _object(
        {
            "name": _text,
            "page_or_sheet": _text,
            "kind": {"enum": [*kinds(), None]},
            "columns": {"type": "array", "items": column},
            "facts": _object(_table_facts, needed=("rows",)),
        }
    )
    found = _object(
        {
            "severity": {"enum": ["error", "warning", "note"]},
            "code": _text,
            "row": _count,
            "column": _text,
            "message": _text,
            "remedy": _text,
            "params": {"type": "object"},
        },
        needed=("severity", "code", "row", "column", "message", "remedy"),
    )
    whole = _object(
        {
            "file": _text,
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "facts": _object(_file_facts, needed=("bytes",)),
            "tables": {"type": "array", "items": table},
            "findings": {"type": "array", "items": found},
        }
    )
    return {"$schema": DRAFT, "title": "mingsuan read --json", **whole}
