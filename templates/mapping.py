"""Tables become fields: kind of table, field of each column, units, dates, and what is wrong with the rows."""

from __future__ import annotations

from templates.reading import ColumnReading, Dropped, TableReading, Understanding
from templates.tables import Opened

__all__ = ["KINDS", "ColumnReading", "Dropped", "TableReading", "Understanding", "understand"]

KINDS = (
    "equipment", "stops", "counts", "runs", "states", "events", "work_orders", "routing", "changeover", "calendar",
    "orders", "costs", "codes", "layout",
)  # fmt: skip


def understand(
    opened: Opened, *, kind: str | None = None, timezone: str = "UTC", date_order: str | None = None
) -> Understanding:
    """What the tables hold. `kind` is what the person says it is; `timezone` is the plant's (IANA name).

    `date_order` ("dmy" or "mdy") answers the question that 03/04/2026 raises. Raises DocumentError with code
    unknown_kind or unknown_timezone.
    """
    raise RuntimeError("being written")
