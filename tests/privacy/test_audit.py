"""The log: entries, appends, the export, and a verifier that names what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.audit import AuditEntry, append, export, prove, pseudonym
from privacy.checkpoint import new_log_key, parse_checkpoint, sign_checkpoint, verifier_key
from privacy.merkle import Frontier, leaf_hash, root
from privacy.vault import PrivacyError, canonical
from privacy.verify import Report, verify_export, verify_proof

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
SEED = bytes(range(32))
NAME = "vendor.example/log"
KEY = verifier_key(SEED, name=NAME)
ENTRY = AuditEntry(
    time=AT,
    actor=pseudonym(b"k" * 32, "li.na"),
    role="owner",
    tenant="acme",
    action="upload_dataset",
    resource="dataset/7f3a",
    fields=("started_at", "reason"),
    purpose="baseline",
    request="r-1",
    policies=("editors-work-on-values",),
)


def entry(number: int) -> AuditEntry:
    decision = "refused" if number % 5 == 4 else "allowed"
    return replace(ENTRY, time=AT + timedelta(seconds=number), request=f"r-{number}", decision=decision)


class Log:
    """A log as a portal keeps it, with a checkpoint after every `step` entries and at the end."""

    def __init__(self, count: int, *, step: int = 1, seed: bytes = SEED) -> None:
        self.rows: list[tuple[bytes, bytes]] = []
        self.notes: list[str] = []
        frontier = Frontier()
        for number in range(count):
            added = append(frontier, entry(number))
            assert added.index == number
            frontier = added.frontier
            self.rows.append((added.data, added.leaf))
            if frontier.size % step == 0 or frontier.size == count:
                before = self.notes[-1] if self.notes else None
                self.notes.append(
                    sign_checkpoint(seed, name=NAME, size=frontier.size, root=frontier.root, at=AT, previous=before)
                )

    def document(self) -> bytes:
        return export(entries=self.rows, checkpoints=self.notes, key=KEY, exported_at=AT)


def edited(document: bytes, change: Callable[[list[Any]], object]) -> bytes:
    """The document with its lines, as objects, changed by a function."""
    lines = [json.loads(line) for line in document.splitlines()]
    change(lines)
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def reworked(line: dict[str, Any], **changes: object) -> None:
    """Change an entry and make its leaf hash fit, as a thorough forger would."""
    line["entry"].update(changes)
    line["leaf"] = leaf_hash(canonical(line["entry"])).hex()


def renumbered(lines: list[Any]) -> None:
    for number, line in enumerate(line for line in lines if "entry" in line):
        line["index"] = number


def test_an_entry_comes_back_from_its_bytes() -> None:
    assert AuditEntry.from_bytes(ENTRY.to_bytes()) == ENTRY
    local = replace(ENTRY, time=ENTRY.time.astimezone(timezone(timedelta(hours=8))))
    assert local.to_bytes() == ENTRY.to_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        ENTRY.to_bytes() + b" ",
        ENTRY.to_bytes().replace(b'"v":1', b'"v":2'),
        ENTRY.to_bytes().replace(b'"acme"', b"7"),
    ],
)
def test_bytes_that_are_no_entry_are_refused(data: bytes) -> None:
    with pytest.raises(PrivacyError) as refused:
        AuditEntry.from_bytes(data)
    assert refused.value.code == "entry_unreadable"


def test_an_entry_has_no_room_for_values_and_no_naive_time() -> None:
    for changes in ({"reason": "x" * 501}, {"fields": ("y" * 501,)}, {"time": AT.replace(tzinfo=None)}, {"action": ""}):
        with pytest.raises(PrivacyError):
            replace(ENTRY, **changes)


def test_a_pseudonym_is_stable_under_one_key_only() -> None:
    assert pseudonym(b"a" * 32, "li.na") == pseudonym(b"a" * 32, "li.na") != pseudonym(b"b" * 32, "li.na")
    assert "li.na" not in pseudonym(b"a" * 32, "li.na")


@pytest.mark.parametrize("count", [1, 2, 7, 64])
@pytest.mark.parametrize("step", [1, 5])
def test_an_untouched_log_verifies(count: int, step: int) -> None:
    log = Log(count, step=step)
    report = verify_export(log.document(), public_key=KEY, witness=log.notes[len(log.notes) // 2])
    assert report.passed, report.message
    assert (report.entries, report.pinned, report.witnessed) == (count, True, True)
    assert report.root == root([leaf for _, leaf in log.rows]).hex()


def test_without_a_pinned_key_it_says_so() -> None:
    report = verify_export(Log(3).document())
    assert report.passed
    assert not report.pinned
    assert "names itself" in report.message


FORGERIES: dict[str, tuple[Callable[[list[Any]], object], str, int]] = {
    "an entry changed": (lambda lines: lines[18]["entry"].update(role="analyst"), "entry_changed", 17),
    "an entry changed with its leaf": (lambda lines: reworked(lines[18], role="analyst"), "root_differs", 17),
    "a refusal made an approval": (lambda lines: reworked(lines[10], decision="allowed"), "root_differs", 9),
    "two entries changed": (lambda lines: [reworked(lines[at], actor="m-x") for at in (30, 12)], "root_differs", 11),
    "the first entry changed": (lambda lines: reworked(lines[1], tenant="other"), "root_differs", 0),
    "the last entry changed": (lambda lines: reworked(lines[40], tenant="other"), "root_differs", 39),
    "an entry removed": (lambda lines: lines.pop(18), "entry_missing", 17),
    "an entry removed and the rest renumbered": (lambda lines: (lines.pop(18), renumbered(lines)), "root_differs", 17),
    "two entries exchanged": (lambda lines: lines.insert(18, lines.pop(21)), "entry_reordered", 17),
    "exchanged and renumbered": (
        lambda lines: (lines.insert(18, lines.pop(21)), renumbered(lines)),
        "root_differs",
        17,
    ),
    "an entry doubled": (lambda lines: lines.insert(19, dict(lines[18])), "entry_extra", 18),
    "doubled and renumbered": (
        lambda lines: (lines.insert(19, dict(lines[18])), renumbered(lines)),
        "root_differs",
        18,
    ),
    "an entry with a further name": (lambda lines: lines[18]["entry"].update(extra=1), "entry_changed", 17),
    "a line that is no entry": (lambda lines: lines.__setitem__(18, ["x"]), "entry_unreadable", 17),
    "an entry that is a number": (lambda lines: lines[18].update(entry=5), "entry_changed", 17),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_the_first_bad_entry_is_named(name: str) -> None:
    change, code, index = FORGERIES[name]
    report = verify_export(edited(Log(40).document(), change), public_key=KEY)
    assert not report.passed
    assert (report.code, report.index) == (code, index)
    assert report.remedy


def test_with_few_checkpoints_the_range_is_named() -> None:
    document = edited(Log(40, step=10).document(), lambda lines: reworked(lines[18], role="analyst"))
    report = verify_export(document, public_key=KEY)
    assert (report.code, report.index, report.last) == ("root_differs", 10, 19)


def test_a_history_signed_again_by_another_key_is_refused() -> None:
    forged = Log(12, seed=new_log_key())
    report = verify_export(forged.document(), public_key=KEY)
    assert (report.code, report.index) == ("checkpoint_unsigned", 0)
    own = new_log_key()
    other = export(
        entries=Log(12, seed=own).rows,
        checkpoints=Log(12, seed=own).notes,
        key=verifier_key(own, name=NAME),
        exported_at=AT,
    )
    assert verify_export(other).passed
    assert verify_export(other, public_key=KEY).code == "key_differs"


def test_roots_computed_again_without_the_key_name_the_changed_entry() -> None:
    log = Log(20)
    rows = list(log.rows)
    changed = replace(entry(13), role="rep").to_bytes()
    rows[13] = (changed, leaf_hash(changed))
    notes = log.notes[:13] + [
        note.replace(note.split("\n")[2], _b64(root([leaf for _, leaf in rows[: at + 1]])))
        for at, note in enumerate(log.notes)
        if at >= 13
    ]
    report = verify_export(export(entries=rows, checkpoints=notes, key=KEY, exported_at=AT), public_key=KEY)
    assert (report.code, report.index) == ("checkpoint_signature", 13)


def _b64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


def test_a_damaged_checkpoint_is_not_blamed_on_an_entry() -> None:
    log = Log(20)
    log.notes[7] = log.notes[7].replace(log.notes[7].split("\n")[2], log.notes[3].split("\n")[2])
    report = verify_export(log.document(), public_key=KEY)
    assert (report.code, report.index, report.line) == ("checkpoint_root", None, 1 + 20 + 8)
    log = Log(20)
    log.notes[7] = log.notes[7][:-8] + "AAAAAA=\n"
    report = verify_export(log.document(), public_key=KEY)
    assert report.index is None
    assert report.code in {"checkpoint_signature", "checkpoint_unreadable"}


def test_a_checkpoint_removed_from_the_chain_is_missed() -> None:
    for at in (0, 7, 18):
        log = Log(20)
        del log.notes[at]
        report = verify_export(log.document(), public_key=KEY)
        assert (report.passed, report.code, report.index) == (False, "checkpoint_missing", None)


def test_a_changed_time_of_a_checkpoint_is_noticed() -> None:
    log = Log(20)
    log.notes[7] = log.notes[7].replace("time 2026-11-25T22:30:00Z", "time 2026-11-24T22:30:00Z")
    report = verify_export(log.document(), public_key=KEY)
    assert (report.code, report.index, report.line) == ("checkpoint_signature", None, 1 + 20 + 8)


def test_checkpoints_without_a_chain_are_checked_one_by_one() -> None:
    log = Log(20)
    heads = [parse_checkpoint(note) for note in log.notes]
    log.notes = [sign_checkpoint(SEED, name=NAME, size=head.size, root=head.root, at=AT) for head in heads]
    assert verify_export(log.document(), public_key=KEY).passed
    log.notes[7] = log.notes[7].replace("time 2026-11-25T22:30:00Z", "time 2026-11-24T22:30:00Z")
    assert verify_export(log.document(), public_key=KEY).code == "checkpoint_signature"


def test_a_log_cut_short_shows_only_to_a_witness() -> None:
    whole, cut = Log(20), Log(15)
    assert verify_export(cut.document(), public_key=KEY).passed
    report = verify_export(cut.document(), public_key=KEY, witness=whole.notes[-1])
    assert (report.code, report.index) == ("log_cut_short", 15)
    assert verify_export(whole.document(), public_key=KEY, witness=whole.notes).witnessed
    assert verify_export(cut.document(), public_key=KEY, witness=whole.notes[:16]).code == "log_cut_short"
    assert not verify_export(cut.document(), public_key=KEY, witness=()).witnessed


def test_two_histories_under_one_key_show_to_a_witness() -> None:
    one, other = Log(10), Log(10)
    frontier = Frontier()
    other.rows, other.notes = [], []
    for number in range(10):
        added = append(frontier, replace(entry(number), tenant="other"))
        frontier = added.frontier
        other.rows.append((added.data, added.leaf))
    other.notes.append(sign_checkpoint(SEED, name=NAME, size=10, root=frontier.root))
    assert verify_export(other.document(), public_key=KEY).passed
    assert verify_export(other.document(), public_key=KEY, witness=one.notes[4]).code == "history_rewritten"


def test_what_no_checkpoint_covers_is_not_proven() -> None:
    log = Log(10)
    log.notes = log.notes[:6]
    report = verify_export(log.document(), public_key=KEY)
    assert (report.code, report.index, report.last) == ("entry_extra", 6, 9)
    log.notes = []
    assert verify_export(log.document(), public_key=KEY).code == "checkpoint_missing"


def test_missing_entries_at_the_end_are_counted() -> None:
    log = Log(10)
    log.rows = log.rows[:8]
    report = verify_export(log.document(), public_key=KEY)
    assert (report.code, report.index, report.last) == ("entry_missing", 8, 8)


@pytest.mark.parametrize(
    "document", [b"", b"\n", b"{}\n", b"[]\n", b'{"mingsuan":"other"}\n', b"\x00\xff\n", b"[" * 100_000 + b"\n"]
)
def test_what_is_no_export_is_refused(document: bytes) -> None:
    assert verify_export(document, public_key=KEY).code == "not_an_export"


def test_a_name_given_twice_is_refused() -> None:
    document = Log(3).document().replace(b'"role":"owner"', b'"role":"rep","role":"owner"', 1)
    report = verify_export(document, public_key=KEY)
    assert (report.code, report.index) == ("entry_unreadable", 0)


def test_bytes_that_were_changed_in_the_database_show_in_the_export() -> None:
    log = Log(6)
    log.rows[2] = (b"\xff not json", log.rows[2][1])
    log.rows[4] = (log.rows[4][0].replace(b"acme", b"acne"), log.rows[4][1])
    report = verify_export(log.document(), public_key=KEY)
    assert (report.code, report.index) == ("entry_changed", 2)


@given(st.data())
@settings(max_examples=80)
def test_no_changed_byte_of_an_entry_or_checkpoint_passes(data: st.DataObject) -> None:
    document = DOCUMENT
    start = document.index(b"\n") + 1
    at = data.draw(st.integers(start, len(document) - 1))
    to = data.draw(st.integers(0, 255))
    changed = document[:at] + bytes((to,)) + document[at + 1 :]
    report = verify_export(changed, public_key=KEY)
    assert report.passed == (_meaning(changed) == _meaning(document))


def _meaning(document: bytes) -> object:
    """The document without the white space that JSON does not count."""
    try:
        return [json.loads(line) for line in document.split(b"\n")[:-1]]
    except ValueError:
        return None


DOCUMENT = Log(9).document()


def test_one_entry_is_proven_alone() -> None:
    log = Log(23)
    leaves = [leaf for _, leaf in log.rows]
    for index in (0, 11, 22):
        proof = prove(leaves, index, checkpoint=log.notes[-1])
        assert verify_proof(proof, log.rows[index][0], public_key=KEY).passed
        assert verify_proof(proof, log.rows[index - 1][0], public_key=KEY).code == "proof_wrong"
        assert not verify_proof(proof, log.rows[index][0], public_key=verifier_key(new_log_key(), name=NAME)).passed
    for nonsense in ("", "{}", "[]", '{"mingsuan":"mingsuan/audit-proof/1"}'):
        assert verify_proof(nonsense, b"", public_key=KEY).code == "not_a_proof"


def test_a_report_is_plain_json() -> None:
    report: Report = verify_export(DOCUMENT, public_key=KEY)
    assert json.loads(json.dumps(report.to_json()))["code"] == "ok"
