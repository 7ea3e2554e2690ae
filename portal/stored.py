"""What can be known of a kept value from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from portal.storage_values import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What can be known of a kept value without opening it."""

    id: str
    kind: str
    created_at: datetime
    author: str
    inputs: tuple[str, ...]
    digest: str
    size: int


def stored_of(row: Row) -> Stored:
    """Return what can be known of a stored row."""
    return Stored(
        id=row.id,
        kind=row.kind,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        author=row.author,
        inputs=row.inputs,
        digest=row.digest,
        size=row.size,
    )
