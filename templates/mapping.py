"""Tables become fields: kind of table, field of each column, units, dates, and what is wrong with the rows."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from templates.catalogue import kinds
from templates.facts import facts_of, row_findings
from templates.filled_down import filled_down
from templates.findings import Finding, finding, from_notes
from templates.joined import joined
from templates.matching import match
from templates.node import DocumentError, closest
from templates.paired import paired
from templates.reading import ColumnReading, Dropped, TableReading, Understanding
from templates.tables import Opened, RawTable
from templates.typed import completed, typed_columns
from templates.unitwords import short, split_unit
from templates.unpivot import unpivoted

__all__ = ["KINDS", "ColumnReading", "Dropped", "TableReading", "Understanding", "confirm", "understand"]

KINDS = (
    "equipment", "stops", "counts", "runs", "states", "events", "work_orders", "routing", "changeover", "calendar",
    "orders", "costs", "codes", "layout",
)  # fmt: skip


def understand(
    opened: Opened, *, kind: str | None = None, timezone: str = "UTC", date_order: str | None = None
) -> Understanding:
    """What the tables hold. `kind` is what the person says it is; `timezone` is the plant's (IANA name).

    `date_order` ("dmy" or "mdy") answers the question that 03/04/2026 raises. Raises DocumentError with code
    unknown_table_kind or unknown_plant_timezone.
    """
    check_kind(kind)
    check_timezone(timezone)
    comma = opened.facts.get("separator") == ";"
    raws = joined(opened.tables) if "sheets" in opened.facts else opened.tables
    tables = tuple(
        read_table(
            unpivoted(paired(filled_down(raw)), file=opened.name),
            file=opened.name,
            kind=kind,
            timezone=timezone,
            date_order=date_order,
            decimal_comma=comma,
        )
        for raw in raws
    )
    findings = [*from_notes(opened.notes), *(one for table in tables for one in table.findings)]
    rank = {"error": 0, "warning": 1, "note": 2}
    findings.sort(key=lambda one: rank[one.severity])
    return Understanding(
        file=opened.name, sha256=opened.sha256, facts=opened.facts, tables=tables, findings=tuple(findings)
    )


def confirm(
    table: TableReading,
    mapping: Mapping[str, str],
    *,
    kind: str | None = None,
    units: Mapping[str, str] | None = None,
    date_order: str | None = None,
) -> TableReading:
    """The table read again with what a person said: header to field, header to unit, "dmy" or "mdy"."""
    check_kind(kind)
    return read_table(
        table.raw,
        file="",
        kind=kind or table.kind,
        timezone=table.timezone,
        date_order=date_order or table.date_order,
        mapping=mapping,
        units=units,
        decimal_comma=table.decimal_comma,
    )


def read_table(
    raw: RawTable,
    *,
    file: str,
    kind: str | None,
    timezone: str,
    date_order: str | None,
    mapping: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    decimal_comma: bool = False,
) -> TableReading:
    """Understand one table; see `understand` and `confirm`."""
    found = match(raw, file=file, kind=kind, chosen=mapping)
    by_column = {choice.column: choice for choice in found.choices}
    typed = typed_columns(
        raw,
        [(choice.field, choice.column) for choice in found.choices],
        timezone=timezone,
        date_order=date_order,
        units=units,
        decimal_comma=decimal_comma,
        clocks=found.kind == "calendar",
    )
    columns = []
    dropped = []
    for k, header in enumerate(raw.headers):
        choice = by_column.get(k)
        unit = typed.units.get(header, "") or short((raw.units[k] if raw.units else "") or split_unit(header)[1])
        columns.append(
            ColumnReading(
                header=header,
                field=choice.field if choice else None,
                unit=unit,
                confidence=choice.confidence if choice else 0.0,
                why=choice.why if choice else "",
                others=found.others.get(k, ()),
            )
        )
        if choice is None:
            dropped.append(Dropped(header=header, reason="personal" if k in found.personal else "not_needed"))
    headers = {choice.field: raw.headers[choice.column] for choice in found.choices}
    findings = from_notes(raw.notes)
    findings.extend(_kind_findings(raw, found.kind, found.missing))
    findings.extend(row_findings(found.kind, typed, raw, headers))
    findings.extend(_dropped_findings(found.kind, dropped, raw, found.personal))
    rows = raw.facts.get("rows", len(raw))
    facts = facts_of(found.kind, typed.columns, rows=len(raw), timezone=timezone)
    facts["rows"] = rows
    return TableReading(
        name=raw.name,
        place=raw.place,
        kind=found.kind,
        columns=tuple(columns),
        facts=facts,
        dropped=tuple(dropped),
        raw=raw,
        typed=completed(found.kind, typed.columns),
        timezone=timezone,
        date_order=typed.order or date_order,
        decimal_comma=decimal_comma,
        findings=tuple(findings),
    )


def _kind_findings(raw: RawTable, kind: str | None, missing: tuple[str, ...]) -> list[Finding]:
    if kind is None:
        names = ", ".join(raw.headers[:8]) + (" ..." if len(raw.headers) > 8 else "")
        return [finding("kind_unknown", table=raw.name, headers=names)]
    if missing:
        wanted = ", ".join(name.replace("|", " / ") for name in missing)
        return [finding("field_missing", table=raw.name, kind=kind, fields=wanted)]
    return []


def _dropped_findings(
    kind: str | None, dropped: list[Dropped], raw: RawTable, personal: Mapping[int, str]
) -> list[Finding]:
    found = [finding("column_personal", column=raw.headers[k], what=what) for k, what in personal.items()]
    plain = [one.header for one in dropped if one.reason == "not_needed"]
    if plain and kind is not None:
        names = ", ".join(plain[:12]) + (" ..." if len(plain) > 12 else "")
        found.append(finding("columns_dropped", count=len(plain), columns=names))
    return found


def check_kind(kind: str | None) -> None:
    """Refuse a kind that is none of ours."""
    if kind is not None and kind not in kinds():
        guess = closest(kind, KINDS)
        raise DocumentError(
            f"{kind!r} is not a kind of table",
            code="unknown_table_kind",
            place=kind,
            remedy=f"Did you mean {guess!r}?" if guess else f"Known are {', '.join(KINDS)}.",
            kind=kind,
            guess=guess or ", ".join(KINDS),
        )


def check_timezone(timezone: str) -> None:
    """Refuse a time zone that nobody knows."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DocumentError(
            f"{timezone!r} is not a time zone",
            code="unknown_plant_timezone",
            place=timezone,
            remedy="Give an IANA name such as Asia/Shanghai, Europe/Berlin or UTC.",
            timezone=timezone,
        ) from error
