"""The shapes of what calls take and answer, as JSON Schemas (draft 2020-12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from templates.catalogue import kinds as table_kinds

Schema = dict[str, Any]

ID_PATTERN = r"^[0-9a-f]{32}$"


def shape(needed: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, *, more: bool = False) -> Schema:
    """An object with these members; `more` leaves room for others."""
    return {
        "type": "object",
        "required": list(needed),
        "properties": {**needed, **(optional or {})},
        "additionalProperties": more,
    }


def listed(items: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": items}


ID: Schema = {"type": "string", "pattern": ID_PATTERN}
WORDS: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
AT: Schema = {"type": "string", "format": "date-time"}
ANY: Schema = {"type": "object"}
YES: Schema = {"type": "boolean"}
ZONE: Schema = {"type": "string", "maxLength": 64, "pattern": r"^[A-Za-z0-9_+/-]+$", "examples": ["Asia/Shanghai"]}
KIND: Schema = {"type": "string", "enum": sorted(table_kinds())}

PROBLEM_SCHEMA: Schema = shape(
    {"type": WORDS, "title": WORDS, "status": {"type": "integer"}, "detail": WORDS},
    {"code": WORDS, "problems": listed(ANY), "error": WORDS, "error_description": WORDS},
    more=True,
)
PUSHED = shape(
    {
        "dataset": {**ID, "description": "the dataset that holds the rows now"},
        "rows": {**WHOLE, "description": "rows of the source in all"},
        "accepted": WHOLE,
        "rejected": WHOLE,
        "problems": listed(
            shape({"row": {"type": "integer", "minimum": 1}, "field": WORDS, "code": WORDS, "message": WORDS})
        ),
        "dropped": listed(shape({"field": WORDS, "reason": {"enum": ["not_needed", "personal"]}})),
        "findings": {**WHOLE, "description": "what looks wrong with rows that were taken; see the dataset"},
    }
)  # fmt: skip
DATASET = shape(
    {
        "id": ID,
        "kind": WORDS,
        "name": WORDS,
        "rows": WHOLE,
        "columns": listed(ANY),
        "dropped": listed(WORDS),
        "findings": listed(ANY),
        "facts": ANY,
        "sample": YES,
        "in_force": YES,
        "created_at": AT,
        "quality": ANY,
        "fixes": listed(ANY),
    }
)
UPLOAD = shape({"id": ID, "name": WORDS, "bytes": WHOLE, "staged_at": AT})
STUDY = shape(
    {
        "study": ID,
        "state": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "stage": WORDS,
        "seconds_left": {"type": ["number", "null"]},
        "error": WORDS,
        "created_at": AT,
        "finished_at": {"anyOf": [AT, {"type": "null"}]},
    }
)
SCENARIO = shape({"id": ID, "name": WORDS, "claims": YES, "created_at": AT})
DISCLOSURE = shape({"id": WORDS, "account": WORDS, "purpose": WORDS, "released_at": AT, "until": AT, "payload": ANY})

STUDY_WISH = shape(
    {},
    {
        "scenarios": {
            "type": "array",
            "items": ID,
            "maxItems": 8,
            "uniqueItems": True,
            "description": "default: all that are planned",
        },
        "months": {"type": "integer", "minimum": 1, "maximum": 120, "default": 36},
        "draws": {"type": "integer", "minimum": 0, "maximum": 2000, "default": 0, "description": "0: the default"},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "default": 1},
    },
)
CONFIRMATION = shape(
    {},
    {
        "kind": KIND,
        "table": {"type": "integer", "minimum": 0, "maximum": 999, "default": 0},
        "timezone": ZONE,
        "date_order": {"enum": ["dmy", "mdy"]},
        "mapping": {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 64},
            "maxProperties": 500,
            "description": 'header to field, "" drops a column; default: what the reading proposes',
        },
        "keep_upload": {"type": "boolean", "default": False, "description": "other tables of it are still to come"},
    },
)  # fmt: skip
