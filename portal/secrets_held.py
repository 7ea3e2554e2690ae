"""Secrets of tenants that hold their own key, in the memory of this process and nowhere else.

The launcher tells them to its workers through the pipe that is their standard input, a line for each change.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from privacy.custody import TenantLocked

Held = tuple[str, bytes]
"""The id of the lock and the secret that it gives."""
Listener = Callable[[str, Held | None], None]


class Secrets:
    """By tenant. Safe to use from several threads."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._known: set[str] = set()
        self._listeners: list[Listener] = []
        self._turn = threading.RLock()

    def hold(self, tenant: str, lock: str, secret: bytes) -> None:
        """Keep a secret until `drop`."""
        self._set(tenant, (lock, secret))

    def drop(self, tenant: str) -> None:
        """Forget a secret; none is no error."""
        self._set(tenant, None)

    def of(self, tenant: str, lock: str | None = None) -> bytes:
        """The secret of a tenant (of this lock, where one is named); raises `TenantLocked` where there is none."""
        held = self._held.get(tenant)
        if held is None or lock not in {None, held[0]}:
            raise TenantLocked(tenant)
        return held[1]

    def tenants(self) -> frozenset[str]:
        """Whose secrets are held."""
        with self._turn:
            return frozenset(self._held)

    def known(self) -> frozenset[str]:
        """Whose secrets this process has held at any time."""
        with self._turn:
            return frozenset(self._known)

    def over(self, tenant: str) -> bool:
        """Whether a secret of this tenant was held here and is not any more."""
        with self._turn:
            return tenant in self._known and tenant not in self._held

    def listen(self, listener: Listener) -> None:
        """Have every change told from now on."""
        with self._turn:
            self._listeners.append(listener)

    def tell(self, listener: Listener) -> None:
        """Tell what is held now."""
        with self._turn:
            for tenant, held in self._held.items():
                listener(tenant, held)

    def take(self, line: bytes) -> str:
        """Take a change that another process told by `as_line`; returns whose it is."""
        told = json.loads(line)
        secret = bytes.fromhex(told["secret"])
        self._set(told["tenant"], (told["lock"], secret) if secret else None)
        return str(told["tenant"])

    def _set(self, tenant: str, held: Held | None) -> None:
        with self._turn:
            if self._held.get(tenant) == held:
                return
            if held is None:
                del self._held[tenant]
            else:
                self._held[tenant] = held
                self._known.add(tenant)
            for listener in self._listeners:
                listener(tenant, held)


def as_line(tenant: str, held: Held | None) -> bytes:
    """A change as one line, for the pipe between two processes of ours."""
    lock, secret = held or ("", b"")
    return json.dumps({"tenant": tenant, "lock": lock, "secret": secret.hex()}).encode() + b"\n"
