"""A workspace is the only door to one tenant's values.

It belongs to one member for one request or script run. It seals each value for its place (tenant, room, kind, id)
before the store sees it, opens only what belongs to its member's tenant, and collects what an action wants to keep until
the action has succeeded: then everything is written in one transaction together with the audit entry.

An id of another tenant and an id that does not exist give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from portal.identity import Member
from portal.storage import Store

Clock = Callable[[], datetime]


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


class Workspace:
    """One member's door to the values of his tenant.

    `keys` is a `privacy.keys.KeyService`, `clock` returns an aware datetime in UTC. `executor` is anything shaped like
    `map`; `mailer` is not needed: mail goes through the outbox.
    """

    def __init__(self, member: Member, store: Store, keys: Any, clock: Clock, *, room: str = "main") -> None:
        self.member = member
        self.tenant = member.tenant
        self.store = store
        self.keys = keys
        self.clock = clock
        self.room = room

    def put(self, kind: str, value: Any, *, slot: str = "", inputs: Sequence[str] = (), replace: bool = False) -> str:
        """Keep a JSON value (or bytes) and return its id; written when the action succeeds."""
        raise RuntimeError("being written")

    def get(self, kind: str, key: str) -> Any:
        """Open one value; raises `KeyError` where this tenant has none of that kind with that id."""
        raise RuntimeError("being written")

    def list(self, kind: str) -> tuple[Stored, ...]:
        """Return what is kept of a kind, newest first, without opening it."""
        raise RuntimeError("being written")

    def latest(self, kind: str, *, slot: str = "") -> Stored | None:
        """Return the newest of a kind (in a slot), or None."""
        raise RuntimeError("being written")

    def columns(self, key: str, names: Sequence[str] | None = None) -> Mapping[str, np.ndarray]:
        """Open columns of a dataset; only those that are asked for are read and decrypted."""
        raise RuntimeError("being written")
