"""How a tenant confirmed the columns of a file: kept as an upload template, and proposed for the next such file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from portal.catalogue import packs
from portal.workspace import Workspace
from templates.limited import Taken

REMEMBERED = "upload_template"
"""The kind under which it is kept; the names of the columns are the slot."""


def remember(
    workspace: Workspace,
    taken: Taken,
    mapping: Mapping[str, str],
    *,
    timezone: str,
    date_order: str | None,
    units: Mapping[str, str] | None,
) -> None:
    """Keep how a header was confirmed, as an upload template of the tenant: the next such file is proposed like it."""
    template = {
        "kind": taken.kind,
        "mapping": dict(mapping),
        "timezone": timezone,
        "date_order": date_order,
        "units": dict(units or {}),
    }
    headers = {*taken.mapping, *mapping, *(str(one.get("header", "")) for one in taken.dropped)}
    workspace.put(REMEMBERED, template, slot=_signature(headers), replace=True)


def _signature(headers: Iterable[str]) -> str:
    """The name under which a header is found again: its names, in any order."""
    return json.dumps(sorted(header.strip() for header in headers), ensure_ascii=False)


def proposed(workspace: Workspace, reading: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a reading with what the tenant confirmed for the same header before, and what its packs propose."""
    hints = {
        header.strip().lower(): (template.kind, column.field)
        for pack in packs()
        for template in pack.uploads.values()
        for column in template.columns
        for headers in column.headers.values()
        for header in headers
    }
    tables = [_table_proposed(workspace, table, hints) for table in reading["tables"]]
    return {**reading, "tables": tables}


def _table_proposed(
    workspace: Workspace, table: Mapping[str, Any], hints: Mapping[str, tuple[str, str]]
) -> Mapping[str, Any]:
    headers = [column["header"] for column in table["columns"]]
    kept = workspace.latest(REMEMBERED, slot=_signature(headers))
    if kept is not None:
        template = workspace.get(REMEMBERED, kept.id)
        columns = [
            {**column, "field": template["mapping"].get(column["header"]) or None, "confidence": 1.0}
            for column in table["columns"]
        ]
        remembered = {"id": kept.id, "at": kept.created_at.isoformat(), **template}
        return {**table, "kind": template["kind"], "columns": columns, "remembered": remembered}
    taken = {column["field"] for column in table["columns"]}
    columns = []
    for column in table["columns"]:
        kind, field = hints.get(column["header"].strip().lower(), ("", ""))
        if not column["field"] and field and field not in taken and kind == table["kind"]:
            taken.add(field)
            columns.append({**column, "field": field, "confidence": 0.8})
        else:
            columns.append(column)
    return {**table, "columns": columns}
