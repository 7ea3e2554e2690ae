"""The log of who did what: entries without values, as leaves of an RFC 6962 tree with signed checkpoints.

An append takes the frontier left by the last one and gives the next, so it costs a few hashes. Sign one checkpoint
for every commit (32 microseconds): then a verifier can name the exact entry that was changed, not a range.
Persons appear under pseudonyms; their names are sealed elsewhere, so erasing a person keeps the tree whole.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from privacy.merkle import Frontier, inclusion_proof, leaf_hash
from privacy.vault import PrivacyError, canonical

EXPORT_FORMAT: Final = "mingsuan/audit-export/1"
PROOF_FORMAT: Final = "mingsuan/audit-proof/1"
ENTRY_FORMAT: Final = 1
_TEXTS: Final = ("actor", "role", "tenant", "action", "resource", "purpose", "reason", "request")
_LISTS: Final = ("fields", "policies", "digests")
_LONGEST: Final = 500  # characters of one text: an entry is no place for values
_MOST_RESOURCE: Final = 4000  # of `resource`, which may list what an action met


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done or refused. Never holds a value of a tenant."""

    time: datetime  # aware; written in UTC with microseconds
    actor: str  # pseudonym, see `pseudonym`
    role: str
    tenant: str  # whose data; for vendor actions on a tenant that tenant
    action: str
    resource: str = ""  # kind/id, or several of them with a space between
    fields: tuple[str, ...] = ()
    purpose: str = ""
    decision: Literal["allowed", "refused"] = "allowed"
    policies: tuple[str, ...] = ()  # ids of the policies that decided
    reason: str = ""  # error code of a refusal, or the stated reason of a break-glass read
    request: str = ""  # request id
    digests: tuple[str, ...] = ()  # of manifests, payloads, documents concerned

    def __post_init__(self) -> None:
        texts = [getattr(self, name) for name in _TEXTS if name != "resource"]
        texts += [text for name in _LISTS for text in getattr(self, name)]
        if self.time.tzinfo is None or self.decision not in {"allowed", "refused"} or not self.action:
            raise _unreadable("an entry has an action, an aware time and a decision")
        if any(len(text) > _LONGEST for text in texts) or len(self.resource) > _MOST_RESOURCE:
            raise _unreadable(f"a text of an entry has at most {_LONGEST} characters; values do not belong here")

    def to_bytes(self) -> bytes:
        """The entry as RFC 8785 JSON: what is hashed and stored."""
        return canonical(
            {
                "v": ENTRY_FORMAT,
                "time": self.time.astimezone(UTC).isoformat(timespec="microseconds"),
                "decision": self.decision,
                **{name: getattr(self, name) for name in _TEXTS},
                **{name: list(getattr(self, name)) for name in _LISTS},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> AuditEntry:
        """Read an entry back; `PrivacyError` (entry_unreadable) where it is not one in canonical form."""
        try:
            held = json.loads(data)
            entry = cls._from_json(held)
        except (ValueError, KeyError, TypeError) as error:
            raise _unreadable("these bytes are not an entry of the log") from error
        if entry.to_bytes() != data:
            raise _unreadable("the entry is not in canonical form")
        return entry

    @classmethod
    def _from_json(cls, held: Any) -> AuditEntry:
        if not isinstance(held, dict) or held.pop("v", None) != ENTRY_FORMAT:
            raise ValueError
        if not all(isinstance(held[name], str) for name in ("time", "decision", *_TEXTS)):
            raise TypeError
        for name in _LISTS:
            if not isinstance(held[name], list) or not all(isinstance(text, str) for text in held[name]):
                raise TypeError
            held[name] = tuple(held[name])
        held["time"] = datetime.fromisoformat(held["time"])
        return cls(**held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The entry's position, its stored bytes and leaf hash, and the frontier for the next append."""

    index: int
    data: bytes
    leaf: bytes
    frontier: Frontier


def append(frontier: Frontier, entry: AuditEntry) -> Appended:
    """Add one entry to the log whose right edge is `frontier`."""
    data = entry.to_bytes()
    leaf = leaf_hash(data)
    return Appended(index=frontier.size, data=data, leaf=leaf, frontier=frontier.append(leaf))


def pseudonym(key: bytes, member: str) -> str:
    """The name a member has in the log: `m-` and 20 characters of a keyed hash; the same for the same key."""
    return "m-" + hmac.new(key, b"mingsuan/pseudonym/1\0" + member.encode(), hashlib.sha256).hexdigest()[:20]


def export(
    *, entries: Iterable[tuple[bytes, bytes]], checkpoints: Sequence[str], key: str, exported_at: datetime
) -> bytes:
    """The whole log as one NDJSON document that verifies offline (`verify.verify_export`).

    `entries` are (stored bytes, stored leaf hash) in order, `checkpoints` the signed notes in order, `key` the
    verifier key. What is stored is written as it is, good or bad: finding faults is the verifier's work.
    """
    first = {"mingsuan": EXPORT_FORMAT, "key": key, "exported_at": exported_at.astimezone(UTC).isoformat()}
    lines = [canonical(first)]
    for index, (data, leaf) in enumerate(entries):
        lines.append(canonical({"index": index, "leaf": leaf.hex(), "entry": _shown(data)}))
    count = len(lines) - 1
    lines += [canonical({"checkpoint": note}) for note in checkpoints]
    lines.append(canonical({"end": {"entries": count, "checkpoints": len(checkpoints)}}))
    return b"\n".join(lines) + b"\n"


def _shown(data: bytes) -> object:
    """The stored bytes as the JSON they should be, else as text: a verifier refuses what does not hash to its leaf."""
    try:
        return AuditEntry.from_bytes(data) and json.loads(data)
    except PrivacyError:
        return data.decode("utf-8", errors="replace")


def prove(leaves: Sequence[bytes], index: int, *, checkpoint: str) -> str:
    """A JSON document with the inclusion proof of one entry under a checkpoint of the tree of `leaves`."""
    return canonical(
        {
            "mingsuan": PROOF_FORMAT,
            "index": index,
            "checkpoint": checkpoint,
            "proof": [base64.b64encode(node).decode() for node in inclusion_proof(leaves, index)],
        }
    ).decode()


def _unreadable(message: str) -> PrivacyError:
    return PrivacyError(
        message,
        code="entry_unreadable",
        remedy="Export the log again; if the entry is still unreadable, it was changed where it is stored.",
    )
