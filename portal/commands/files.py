"""``read``: what we understand of a file. It waits for no engine."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from portal.commands.outcome import Outcome, read_bytes, read_text
from templates import limited

KINDS = (
    "equipment", "stops", "counts", "runs", "states", "events", "work_orders", "routing", "changeover", "calendar",
    "orders", "costs", "codes", "layout",
)  # fmt: skip


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``read``."""
    read = commands.add_parser("read", help="what we understand of a file; stores nothing")
    read.add_argument("subject", metavar="FILE", type=Path)
    read.add_argument("--as", dest="kind", choices=KINDS, help="take its tables for this kind")
    read.add_argument("--sheet", help="only this sheet")
    read.add_argument("--timezone", default="UTC", help="of times without an offset (default: UTC)")
    read.add_argument("--password-file", type=Path, help="file with the password of an encrypted document")
    read.add_argument("--json", action="store_true")
    read.set_defaults(run=run_read)


def password(given: argparse.Namespace) -> str | None:
    """The password, which never stands on the command line."""
    return read_text(given.password_file).rstrip("\r\n") if given.password_file else None


def run_read(given: argparse.Namespace) -> Outcome:
    """Read one file in a limited process."""
    document: dict[str, Any] = dict(
        limited.read_limited(
            read_bytes(given.subject),
            given.subject.name,
            password=password(given),
            sheet=given.sheet,
            kind=given.kind,
            timezone=given.timezone,
        )
    )
    return Outcome(document=document, lines=_told(document))


def _told(document: dict[str, Any]) -> list[str]:
    lines = [f"{document['file']}  sha256 {document['sha256'][:16]}..."]
    for table in document["tables"]:
        rows = table["facts"]["rows"]
        lines.append(f"\n{table['name']} ({table['page_or_sheet']}): {table['kind'] or 'unknown kind'}, {rows} rows")
        for column in table["columns"]:
            into = (
                f"{column['field']} [{column['unit'] or '-'}] {column['confidence']:.0%}"
                if column["field"]
                else "dropped"
            )
            lines.append(f"  {column['header']:<28} -> {into}")
        facts = {name: value for name, value in table["facts"].items() if name != "rows"}
        lines += [f"  {name}: {value}" for name, value in facts.items()]
    for finding in document["findings"]:
        where = f"row {finding['row'] or '-'} {finding['column'] or ''}"
        lines.append(f"\n{finding['severity']}: {where}: {finding['message']} {finding['remedy']}")
    return lines
