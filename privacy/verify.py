"""Check an exported log offline, with nothing but its bytes and, better, a pinned key and a witnessed checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome. `index` is the first bad entry (counted from 0), None where all hold or no entry is to blame.

    `code` is one of: ok, not_an_export, entry_unreadable, entry_changed, entry_missing, entry_extra, entry_reordered,
    root_differs, checkpoint_signature, checkpoint_missing, key_differs, history_rewritten, log_cut_short.
    `first`..`last` is the range to which a fault could be narrowed down.
    """

    passed: bool
    code: str
    message: str
    remedy: str = ""
    index: int | None = None
    line: int | None = None
    entries: int = 0
    checkpoints: int = 0
    root: str = ""  # hex
    key: str = ""  # verifier key used
    pinned: bool = False  # the key was given by the caller, not taken from the document
    witnessed: bool = False  # compared with a checkpoint kept elsewhere

    def to_json(self) -> Mapping[str, object]:
        raise RuntimeError("being written")


def verify_export(data: bytes, *, public_key: str | None = None, witness: str | None = None) -> Report:
    """Check every entry, root and signature of an export.

    `public_key` is the pinned verifier key; without it the document's own key is used and `pinned` is False.
    `witness` is a checkpoint kept in a second place: the log must contain that history.
    """
    raise RuntimeError("being written")


def verify_proof(document: str, entry: bytes, *, public_key: str | None = None) -> Report:
    """Check one entry against the document of `audit.prove`."""
    raise RuntimeError("being written")
