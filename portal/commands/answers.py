"""JSON Schemas (draft 2020-12) of what `mingsuan backup` and `restore` print with --json."""

from __future__ import annotations

from typing import Any, Final

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 0}
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_INSIDE: Final[dict[str, Any]] = {
    "file": _TEXT,
    "made_at": {"type": "string", "format": "date-time"},
    "product": {**_TEXT, "description": "version of the product that made it"},
    "schema": {"type": "integer", "minimum": 1, "description": "version of the tables"},
    "tables": {"type": "object", "additionalProperties": _COUNT, "description": "rows of each table"},
    "rows": _COUNT,
    "blobs": {**_COUNT, "description": "sealed files beside the database"},
    "blob_bytes": _COUNT,
    "packs": {**_COUNT, "description": "files of installed packs"},
    "log": {**_COUNT, "description": "entries of the audit log"},
    "checkpoint": {**_TEXT, "description": "signed note of the log's head; empty while the log is"},
}


def _object(title: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": _DRAFT,
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


BACKUP: Final = _object(
    "mingsuan backup --json",
    {
        **_INSIDE,
        "bytes": _COUNT,
        "recipient": {**_TEXT, "description": "public backup key it is sealed to"},
        "damaged": {"type": "array", "items": _TEXT, "description": "ids of values whose file is missing"},
    },
)

RESTORE: Final = _object(
    "mingsuan restore --json",
    {
        **_INSIDE,
        "digest": {**_TEXT, "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the manifest"},
        "witnessed": {"type": "boolean", "description": "compared with the second place of the log's heads"},
        "older": {"type": "boolean", "description": "the second place knows a longer log"},
        "tenants": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "tenant": _TEXT,
                    "keys": _COUNT,
                    "opens": _COUNT,
                    "state": {"enum": ["opens", "destroyed", "retired", "missing"]},
                    "erased": {"type": "array", "items": _TEXT, "description": "keys of datasets that were erased"},
                },
                "required": ["tenant", "keys", "opens", "state", "erased"],
                "additionalProperties": False,
            },
        },
        "written": {"type": "boolean"},
    },
)

SHAPES: Final = {"backup": BACKUP, "restore": RESTORE}
"""By the name that `mingsuan schema` takes."""
