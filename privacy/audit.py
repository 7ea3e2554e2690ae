"""The log of who did what: entries without values, as leaves of an RFC 6962 tree with signed checkpoints.

An append takes the frontier left by the last one and gives the next, so it costs a few hashes. Sign one checkpoint
for every commit (32 microseconds): then a verifier can name the exact entry that was changed, not a range.
Persons appear under pseudonyms; their names are sealed elsewhere, so erasing a person keeps the tree whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from privacy.merkle import Frontier


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done or refused. Never holds a value of a tenant."""

    time: datetime  # aware; written in UTC with microseconds
    actor: str  # pseudonym, see `pseudonym`
    role: str
    tenant: str  # whose data; for vendor actions on a tenant that tenant
    action: str
    resource: str = ""  # kind/id
    fields: tuple[str, ...] = ()
    purpose: str = ""
    decision: Literal["allowed", "refused"] = "allowed"
    policies: tuple[str, ...] = ()  # ids of the policies that decided
    reason: str = ""  # error code of a refusal, or the stated reason of a break-glass read
    request: str = ""  # request id
    digests: tuple[str, ...] = ()  # of manifests, payloads, documents concerned

    def to_bytes(self) -> bytes:
        """The entry as RFC 8785 JSON: what is hashed and stored."""
        raise RuntimeError("being written")

    @classmethod
    def from_bytes(cls, data: bytes) -> AuditEntry:
        """Read an entry back; `PrivacyError` (entry_unreadable) where it is not one in canonical form."""
        raise RuntimeError("being written")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The entry's position, its stored bytes and leaf hash, and the frontier for the next append."""

    index: int
    data: bytes
    leaf: bytes
    frontier: Frontier


def append(frontier: Frontier, entry: AuditEntry) -> Appended:
    """Add one entry to the log whose right edge is `frontier`."""
    raise RuntimeError("being written")


def pseudonym(key: bytes, member: str) -> str:
    """The name a member has in the log: `m-` and 20 characters of a keyed hash; the same for the same key."""
    raise RuntimeError("being written")


def export(
    *, entries: Iterable[tuple[bytes, bytes]], checkpoints: Sequence[str], key: str, exported_at: datetime
) -> bytes:
    """The whole log as one NDJSON document that verifies offline.

    `entries` are (stored bytes, stored leaf hash) in order, `checkpoints` the signed notes in order, `key` the
    verifier key.
    """
    raise RuntimeError("being written")


def prove(leaves: Sequence[bytes], index: int, *, checkpoint: str) -> str:
    """A JSON document with the inclusion proof of one entry under a checkpoint."""
    raise RuntimeError("being written")
