"""`mingsuan audit verify`: exit status, first bad entry, witnesses as they are kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from portal import cli
from privacy.audit import AuditEntry, append, export
from privacy.checkpoint import new_log_key, sign_checkpoint, verifier_key
from privacy.merkle import Frontier

AT = datetime(2026, 11, 25, tzinfo=UTC)
SEED, NAME = bytes(range(32)), "mingsuan/log"
KEY = verifier_key(SEED, name=NAME)


@pytest.fixture
def log(tmp_path):
    """An exported log of nine entries and its checkpoints."""
    frontier, rows, notes = Frontier(), [], []
    for number in range(9):
        entry = AuditEntry(time=AT, actor="m-1", role="owner", tenant="acme", action="appraise", request=str(number))
        added = append(frontier, entry)
        frontier = added.frontier
        rows.append((added.data, added.leaf))
        previous = notes[-1] if notes else None
        notes.append(sign_checkpoint(SEED, name=NAME, size=frontier.size, root=frontier.root, at=AT, previous=previous))
    path = tmp_path / "log.ndjson"
    path.write_bytes(export(entries=rows, checkpoints=notes, key=KEY, exported_at=AT))
    return path, notes


def verified(capsys, *arguments: str):
    capsys.readouterr()
    status = cli.main(["audit", "verify", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_whole_log_ends_with_0(log, capsys) -> None:
    path, _ = log
    status, report = verified(capsys, str(path), "--key", KEY)
    assert (status, report["code"], report["entries"], report["pinned"]) == (0, "ok", 9, True)


def test_a_changed_entry_is_named_and_ends_with_4(log, capsys) -> None:
    path, _ = log
    lines = path.read_bytes().splitlines(keepends=True)
    lines[6] = lines[6].replace(b'"owner"', b'"guest"')
    path.write_bytes(b"".join(lines))
    status, report = verified(capsys, str(path))
    assert (status, report["code"], report["index"]) == (4, "entry_changed", 5)


def test_another_key_ends_with_4(log, capsys) -> None:
    path, _ = log
    status, report = verified(capsys, str(path), "--key", verifier_key(new_log_key(), name=NAME))
    assert (status, report["code"]) == (4, "key_differs")


def test_a_witness_is_one_checkpoint_or_the_file_that_the_portal_keeps(log, capsys, tmp_path) -> None:
    path, notes = log
    one, kept, later = tmp_path / "one", tmp_path / "witness.txt", tmp_path / "later"
    one.write_text(notes[3], encoding="utf-8")
    kept.write_text("".join(json.dumps(note) + "\n" for note in notes[2:7]), encoding="utf-8")
    later.write_text(sign_checkpoint(SEED, name=NAME, size=12, root=bytes(32)), encoding="utf-8")
    for witness in (one, kept):
        status, report = verified(capsys, str(path), "--witness", str(witness))
        assert (status, report["witnessed"]) == (0, True)
    assert verified(capsys, str(path), "--witness", str(later))[1]["code"] == "log_cut_short"
    kept.write_text('"half', encoding="utf-8")
    status, answer = verified(capsys, str(path), "--witness", str(kept))
    assert (status, answer["error"]["code"]) == (2, "checkpoint_unreadable")


def test_no_file_ends_with_2(tmp_path, capsys) -> None:
    status, answer = verified(capsys, str(tmp_path / "nothing"))
    assert (status, answer["error"]["code"]) == (2, "file_unreadable")
