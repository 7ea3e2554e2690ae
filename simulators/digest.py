"""What was simulated, as a number: equal digests mean equal results."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import rfc8785

from simulators.distributions import Distribution


def plain(value: object) -> Any:
    """Return a value of this folder (line, station, distribution, ...) as JSON."""
    if isinstance(value, Distribution):
        return {value.kind: {name: plain(parameter) for name, parameter in value.params}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value) if item.init}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def digest(**parts: object) -> str:
    """SHA-256 of the RFC 8785 JSON of the parts, as hexadecimal digits.

    >>> digest(seed=1)[:16]
    'fbe47f6d82b435a8'
    """
    return hashlib.sha256(rfc8785.dumps(plain(parts))).hexdigest()
