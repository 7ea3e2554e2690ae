"""What is wrong with a file's rows, in words that say what to do; `row` is the number a spreadsheet shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know about an upload. `code` with `params` gives the sentence in the person's language."""

    severity: str  # error, warning or note
    code: str
    row: int | None
    column: str
    message: str
    remedy: str
    params: Mapping[str, object] = field(default_factory=dict)
