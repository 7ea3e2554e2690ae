"""Every action of the portal, declared: what it touches, for what purpose, the highest class of data it may meet.

An action that is not here does not exist: `policy.decide` denies it and the portal does not start with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Resource = Literal["values", "release", "link", "consent", "contact", "pack", "log", "tenant", "members", "keys", "own"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One action: group it belongs to in the policies, resource, purpose, highest class."""

    name: str
    group: str
    resource: Resource
    purpose: str
    grade: str


ACTIONS: dict[str, Verb] = {}
