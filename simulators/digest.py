"""What was simulated, as a number: equal digests mean equal results."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import date
from typing import Any

import rfc8785

from simulators.distributions import Distribution


def plain(value: object) -> Any:
    """Return a value of this folder (line, station, distribution, ...) as JSON."""
    if isinstance(value, Distribution):
        return {value.kind: {name: plain(parameter) for name, parameter in value.params}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value) if _said(value, item)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _said(value: object, item: dataclasses.Field[Any]) -> bool:
    """Fields that came later are left out at their default, so that what was simulated before keeps its digest."""
    return item.init and not (item.metadata.get("new") and getattr(value, item.name) == item.default)


def digest(**parts: object) -> str:
    """SHA-256 of the RFC 8785 JSON of the parts, as hexadecimal digits.

    >>> digest(seed=1)[:16]
    'fbe47f6d82b435a8'
    """
    return hashlib.sha256(rfc8785.dumps(plain(parts))).hexdigest()
