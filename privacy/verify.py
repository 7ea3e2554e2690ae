"""Check an exported log offline, with nothing but its bytes and, better, a pinned key and a witnessed checkpoint.

How the first bad entry is found: each line carries the leaf hash as it was stored, so an edit of the entry alone shows
at once. Who edits the leaf too meets the signed checkpoints: the tree's root is computed again for every checkpoint's
size, and everything up to the last one that holds is proven; the fault lies behind it. With one checkpoint for each
entry that is exact, with fewer it is a range.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from privacy.audit import EXPORT_FORMAT, PROOF_FORMAT
from privacy.checkpoint import Checkpoint, note_digest, parse_checkpoint, read_checkpoint, read_verifier_key
from privacy.merkle import Frontier, leaf_hash, node_hash, verify_inclusion
from privacy.vault import PrivacyError, canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome. `index` is the first bad entry (counted from 0), None where all hold or no entry is to blame.

    `code` is one of: ok, not_an_export, entry_unreadable, entry_changed, entry_missing, entry_extra, entry_reordered,
    root_differs, checkpoint_root, checkpoint_signature, checkpoint_unsigned, checkpoint_unreadable,
    checkpoint_missing, key_unreadable, key_differs, history_rewritten, log_cut_short, not_a_proof, proof_wrong.
    `last` ends the range where the fault could only be narrowed down to `index`..`last`.
    """

    passed: bool
    code: str
    message: str
    remedy: str = ""
    index: int | None = None
    last: int | None = None
    line: int | None = None
    entries: int = 0
    checkpoints: int = 0
    root: str = ""  # hex
    key: str = ""  # verifier key used
    pinned: bool = False  # the key was given by the caller, not taken from the document
    witnessed: bool = False  # compared with a checkpoint kept elsewhere

    def to_json(self) -> Mapping[str, object]:
        return asdict(self)


class _Fault(Exception):  # noqa: N818  # carries a report out of the checks
    def __init__(
        self,
        code: str,
        message: str,
        remedy: str = "",
        *,
        index: int | None = None,
        last: int | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.report = Report(
            passed=False,
            code=code,
            message=message,
            remedy=remedy or _ASK_AGAIN,
            index=index,
            last=last,
            line=line,
        )


_FAST: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_ASK_AGAIN: Final = "Ask for a fresh export; if the fault stays, the log was changed where it is stored."


@dataclass(slots=True)
class _Log:
    """What a document holds, each thing with its line."""

    key: str = ""
    leaves: list[bytes] = field(default_factory=list)
    notes: list[tuple[int, str, Checkpoint]] = field(default_factory=list)
    whole: bool = False  # does it hold as much as it says at its end?


def verify_export(data: bytes, *, public_key: str | None = None, witness: str | Sequence[str] | None = None) -> Report:
    """Check every entry, root and signature of an export.

    `public_key` is the pinned verifier key; without it the document's own key is used and `pinned` is False: then the
    export proves that it is whole, not whose it is. `witness` is a checkpoint kept in a second place, or several: the
    log must contain that history, which is the only way to see that a log was cut short.
    """
    log = _Log()
    try:
        _read(data, log)
        key = _key(log.key, public_key)
        roots = _check_roots(log, key)
        _check_signatures(log, key)
        witnesses = (witness,) if isinstance(witness, str) else tuple(witness or ())
        for seen in witnesses:
            _check_witness(log, key, seen, roots)
        _check_end(log)
    except _Fault as fault:
        report = fault.report
    except PrivacyError as error:
        report = Report(passed=False, code=error.code, message=str(error), remedy=error.remedy)
    else:
        report = Report(passed=True, code="ok", message=_praise(log, pinned=public_key is not None))
        report = replace(report, root=roots[-1].hex(), witnessed=bool(witnesses))
    return replace(
        report,
        entries=len(log.leaves),
        checkpoints=len(log.notes),
        key=public_key or log.key,
        pinned=public_key is not None,
    )


def verify_proof(document: str, entry: bytes, *, public_key: str) -> Report:
    """Check one entry (its stored bytes) against the document of `audit.prove` and the log's published key."""
    held = _object(document.encode("utf-8", errors="replace"))
    if held is None or held.get("mingsuan") != PROOF_FORMAT:
        return Report(passed=False, code="not_a_proof", message="this is not an inclusion proof", remedy=_ASK_AGAIN)
    try:
        index = int(held["index"])
        note = str(held["checkpoint"])
        proof = [base64.b64decode(node, validate=True) for node in held["proof"]]
    except (ValueError, KeyError, TypeError):
        return Report(
            passed=False, code="not_a_proof", message="this is not a whole inclusion proof", remedy=_ASK_AGAIN
        )
    try:
        head = read_checkpoint(note, keys=(public_key,))
    except PrivacyError as error:
        return Report(passed=False, code=error.code, message=str(error), remedy=error.remedy, pinned=True)
    holds = verify_inclusion(leaf=leaf_hash(entry), index=index, size=head.size, proof=proof, root=head.root)
    return Report(
        passed=holds,
        code="ok" if holds else "proof_wrong",
        message=f"entry {index} {'is' if holds else 'is not'} in the log of {head.size} entries",
        remedy="" if holds else _ASK_AGAIN,
        index=None if holds else index,
        entries=head.size,
        checkpoints=1,
        root=head.root.hex(),
        key=public_key,
        pinned=True,
    )


def _read(data: bytes, log: _Log) -> None:
    """Take the document apart; the first line that is wrong ends it."""
    lines = data.split(b"\n")
    if lines[-1]:
        raise _Fault("log_cut_short", "the export ends in the middle of a line", index=max(len(lines) - 2, 0))
    head = _object(lines[0])
    if head is None or head.get("mingsuan") != EXPORT_FORMAT or not isinstance(head.get("key"), str):
        raise _Fault(
            "not_an_export", "this is not an exported audit log", "Give a file made by `audit export`.", line=1
        )
    log.key = head["key"]
    ended = None
    for number, line in enumerate(lines[1:-1], 2):
        held = _object(line)
        if ended is not None:
            raise _Fault("entry_extra", "something stands after the end of the export", line=number)
        if held is not None and held.keys() == {"index", "leaf", "entry"} and not log.notes:
            log.leaves.append(_leaf(held, len(log.leaves), number, lines))
        elif held is not None and held.keys() == {"checkpoint"} and isinstance(held["checkpoint"], str):
            try:
                log.notes.append((number, held["checkpoint"], parse_checkpoint(held["checkpoint"])))
            except PrivacyError as error:
                raise _Fault(error.code, str(error), error.remedy, line=number) from None
        elif held is not None and held.keys() == {"end"}:
            ended = held["end"]
        elif log.notes:
            raise _Fault("checkpoint_unreadable", "a line among the checkpoints is not one", line=number)
        else:
            raise _Fault("entry_unreadable", "a line is not an entry of the log", index=len(log.leaves), line=number)
    if ended is None:
        raise _Fault("log_cut_short", "the export has no end", index=len(log.leaves))
    log.whole = ended == {"entries": len(log.leaves), "checkpoints": len(log.notes)}


def _leaf(held: dict[str, Any], index: int, number: int, lines: Sequence[bytes]) -> bytes:
    """The leaf hash of an entry's line, if the line stands where it belongs and says what was hashed."""
    found = held["index"]
    if type(found) is not int or found != index:
        code, what = "entry_missing", "is missing"
        if isinstance(found, int) and found < index:
            code, what = "entry_extra", "has an entry before it that stands there a second time"
        elif any((later := _object(line)) and later.get("index") == index for line in lines[number:]):
            code, what = "entry_reordered", "stands in the wrong place"
        raise _Fault(code, f"entry {index} {what}", index=index, line=number)
    # the usual entry is written by the fast encoder as RFC 8785 asks; where it is not, the slow one decides
    leaf = leaf_hash(_FAST.encode(held["entry"]).encode("utf-8", errors="replace"))
    if leaf.hex() != held["leaf"]:
        leaf = _careful_leaf(held["entry"], index, number)
    if leaf.hex() != held["leaf"]:
        raise _Fault("entry_changed", f"entry {index} was changed after it was written", index=index, line=number)
    return leaf


def _careful_leaf(entry: object, index: int, number: int) -> bytes:
    try:
        return leaf_hash(entry.encode() if isinstance(entry, str) else canonical(entry))
    except (PrivacyError, UnicodeEncodeError):
        raise _Fault("entry_unreadable", f"entry {index} is unreadable", index=index, line=number) from None


def _key(own: str, pinned: str | None) -> str:
    name, key_id, public = read_verifier_key(own)
    if pinned is not None and read_verifier_key(pinned) != (name, key_id, public):
        raise _Fault(
            "key_differs",
            "the export is signed by another key than the published one",
            "Compare the keys with the log's owner over a second channel.",
        )
    return pinned or own


def _check_roots(log: _Log, key: str) -> list[bytes]:
    """The root after each entry (index 0: of the empty log); a fault where a checkpoint has another one."""
    if not log.notes:
        raise _Fault("checkpoint_missing", "the export has no checkpoint, so nothing in it is proven", index=0)
    roots = list(_roots(log.leaves))
    proven = 0
    for line, _, head in log.notes:
        if head.size < proven:
            raise _Fault("checkpoint_unreadable", "the checkpoints do not stand in order", line=line)
        if head.size > len(log.leaves):
            raise _Fault(
                "entry_missing",
                f"the log had {head.size} entries, the export holds {len(log.leaves)}",
                index=len(log.leaves),
                last=head.size - 1,
                line=line,
            )
        if head.root != roots[head.size]:
            raise _behind(proven, head, line, own_fault=_proven_later(log, roots, key, head.size))
        proven = head.size
    if proven < len(log.leaves):
        raise _Fault(
            "entry_extra",
            f"no checkpoint covers the entries from {proven} on",
            index=proven,
            last=len(log.leaves) - 1,
            line=proven + 2,
        )
    return roots


def _proven_later(log: _Log, roots: Sequence[bytes], key: str, size: int) -> bool:
    """Is there a checkpoint of this size or more, with the right root and a good signature?"""
    return any(
        size <= head.size < len(roots) and head.root == roots[head.size] and _wrong(text, key) is None
        for _, text, head in reversed(log.notes)
    )


def _behind(proven: int, head: Checkpoint, line: int, *, own_fault: bool) -> _Fault:
    """The fault of a root that differs: between the entries proven so far and the checkpoint's size, or its own."""
    last = max(head.size - 1, 0)
    if own_fault or head.size == proven:
        return _Fault("checkpoint_root", f"the checkpoint of size {head.size} has another root", line=line)
    which = f"entry {proven}" if proven == last else f"one of the entries {proven} to {last}"
    return _Fault("root_differs", f"{which} is not what was signed", index=proven, last=last, line=proven + 2)


def _check_signatures(log: _Log, key: str) -> None:
    """Every checkpoint; where one is wrong, what the good ones prove decides which entry is named.

    From the last one back: a note is good if the good one behind it names its digest, or else by its own signature.
    """
    failed: list[tuple[int, Checkpoint, PrivacyError]] = []
    good: list[Checkpoint] = []
    vouched: str | None = None
    for line, text, head in reversed(log.notes):
        if vouched is None or note_digest(text) != vouched:
            error = _wrong(text, key)
            if error is None and vouched is not None:
                raise _gap(line)
            if error is not None:
                failed.append((line, head, error))
                vouched = None
                continue
        good.append(head)
        vouched = head.previous
    if not failed and vouched is not None:
        raise _gap(log.notes[0][0])
    if not failed:
        return
    line, head, error = failed[-1]
    if any(other.size >= head.size for other in good):  # a later head, well signed, proves the entries
        raise _Fault(error.code, str(error), error.remedy, line=line)
    first = max((other.size for other in good), default=0)
    raise _Fault(error.code, str(error), error.remedy, index=first, last=max(head.size - 1, first), line=line)


def _gap(line: int) -> _Fault:
    return _Fault("checkpoint_missing", "a checkpoint that the next one refers to is missing", line=line)


def _wrong(text: str, key: str) -> PrivacyError | None:
    try:
        read_checkpoint(text, keys=(key,))
    except PrivacyError as error:
        return error
    return None


def _check_witness(log: _Log, key: str, witness: str, roots: Sequence[bytes]) -> None:
    head = read_checkpoint(witness, keys=(key,))
    if head.size > len(log.leaves):
        raise _Fault(
            "log_cut_short",
            f"a witness saw {head.size} entries, the export holds {len(log.leaves)}",
            index=len(log.leaves),
            last=head.size - 1,
        )
    if head.root != roots[head.size]:
        raise _Fault(
            "history_rewritten",
            f"the first {head.size} entries are not those that a witness saw: two histories were signed",
            "Keep both documents: together they prove it. Ask the log's owner and the auditor.",
        )


def _check_end(log: _Log) -> None:
    if not log.whole:
        raise _Fault("log_cut_short", "the export does not hold as much as it says at its end")


def _roots(leaves: Sequence[bytes]) -> Iterator[bytes]:
    """The root of each prefix, from the empty one on."""
    edge: list[bytes] = []
    yield Frontier().root
    for size, leaf in enumerate(leaves):
        node, carry = leaf, size
        while carry & 1:
            node = node_hash(edge.pop(), node)
            carry >>= 1
        edge.append(node)
        top = edge[-1]
        for left in edge[-2::-1]:
            top = node_hash(left, top)
        yield top


def _praise(log: _Log, *, pinned: bool) -> str:
    whose = "the published key" if pinned else "the key it names itself"
    return f"all {len(log.leaves)} entries hold under {len(log.notes)} checkpoints signed by {whose}"


def _object(line: bytes) -> dict[str, Any] | None:
    """The JSON object of a line; None for anything else, a name given twice included."""
    try:
        held = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        raise ValueError("a name is given twice")
    return held
