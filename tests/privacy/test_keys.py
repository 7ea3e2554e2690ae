"""The key folder: modes, kills at any moment, several processes, damage."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from privacy.keys import KeyUnavailable, LocalKeys
from privacy.ring import KeyRing, VaultCipher
from privacy.vault import Place

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
PLACE = Place(tenant="acme", workspace="plant-2", kind="data key", id="k1")
FROZEN = Path(__file__).parents[1] / "data" / "sealed_v1.json"


def refusal(code: str) -> pytest.RaisesExc[KeyUnavailable]:
    return pytest.RaisesExc(KeyUnavailable, check=lambda error: error.code == code)


def test_folder_and_files_are_for_the_owner_only(tmp_path: Path) -> None:
    os.umask(0o022)
    LocalKeys(tmp_path / "keys").create_key("acme", at=AT)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    files = list((tmp_path / "keys").iterdir())
    assert len(files) == 3
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_the_tenant_s_name_and_key_are_not_in_the_clear(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path / "keys")
    keys.create_key("acme-steel", at=AT)
    for file in (tmp_path / "keys").iterdir():
        assert "acme" not in file.name
        assert b"acme" not in file.read_bytes()


def test_keys_inside_the_data_folder_are_refused(tmp_path: Path) -> None:
    with refusal("keys_inside_data"):
        LocalKeys(tmp_path / "data" / "keys", data_folder=tmp_path / "data")
    (tmp_path / "way").symlink_to(tmp_path / "data")
    (tmp_path / "data").mkdir()
    with refusal("keys_inside_data"):
        LocalKeys(tmp_path / "way" / "keys", data_folder=tmp_path / "data")
    LocalKeys(tmp_path / "keys", data_folder=tmp_path / "data")


def test_an_exposed_folder_or_file_is_refused(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path / "keys")
    keys.create_key("acme", at=AT)
    ring = next((tmp_path / "keys").glob("*.ring"))
    ring.chmod(0o640)
    with refusal("keys_exposed"):
        keys.status("acme")
    ring.chmod(0o600)
    (tmp_path / "keys").chmod(0o750)
    with refusal("keys_exposed"):
        LocalKeys(tmp_path / "keys")


def test_another_process_sees_each_change_at_once(tmp_path: Path) -> None:
    here, there = LocalKeys(tmp_path / "keys"), LocalKeys(tmp_path / "keys")
    here.create_key("acme", at=AT)
    wrapped = there.wrap("acme", b"x" * 32, place=PLACE)
    here.rotate("acme", at=AT)
    assert there.status("acme").version == 2
    here.destroy("acme", at=AT)
    with refusal("key_destroyed"):
        there.unwrap("acme", wrapped, place=PLACE)


def test_damage_and_foreign_root_keys_are_told_apart_from_absence(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path / "keys")
    keys.create_key("acme", at=AT)
    ring = next((tmp_path / "keys").glob("*.ring"))
    good = ring.read_bytes()
    ring.write_bytes(good[:-1])
    with refusal("keys_unreadable"):
        keys.status("acme")
    ring.write_bytes(good)
    root = (tmp_path / "keys" / "root.key").read_bytes()
    (tmp_path / "keys" / "root.key").unlink()
    with refusal("keys_unreadable"):
        LocalKeys(tmp_path / "keys")
    (tmp_path / "keys" / "root.key").write_bytes(root)
    (tmp_path / "keys" / "root.key").chmod(0o600)
    assert LocalKeys(tmp_path / "keys").status("acme").state == "active"


def test_one_tenant_s_ring_does_not_serve_another(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path / "keys")
    keys.create_key("acme", at=AT)
    mine = next((tmp_path / "keys").glob("*.ring"))
    keys.create_key("other", at=AT)
    theirs = next(file for file in (tmp_path / "keys").glob("*.ring") if file != mine)
    theirs.write_bytes(mine.read_bytes())
    with refusal("keys_unreadable"):
        keys.wrap("other", b"x" * 32, place=PLACE)


def test_what_a_kill_left_behind_is_cleared(tmp_path: Path) -> None:
    LocalKeys(tmp_path / "keys")
    left = tmp_path / "keys" / "root.key.0123.new"
    left.write_bytes(b"half")
    LocalKeys(tmp_path / "keys")
    assert not left.exists()


def _rotate_for_ever(folder: str) -> None:
    keys = LocalKeys(Path(folder))
    while True:
        keys.rotate("acme", at=AT, grace=timedelta(days=9))


def test_a_kill_during_rotation_loses_nothing(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path / "keys")
    keys.create_key("acme", at=AT)
    wrapped = [keys.wrap("acme", b"x" * 32, place=PLACE)]
    spawn = multiprocessing.get_context("spawn")
    for _ in range(3):
        before = keys.status("acme").version
        process = spawn.Process(target=_rotate_for_ever, args=(str(tmp_path / "keys"),))
        process.start()
        until = time.monotonic() + 30
        while keys.status("acme").version < before + 3 and time.monotonic() < until:
            wrapped.append(keys.wrap("acme", b"x" * 32, place=PLACE))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert all(keys.unwrap("acme", each, place=PLACE) == b"x" * 32 for each in wrapped[-50:])
    again = LocalKeys(tmp_path / "keys")
    assert again.unwrap("acme", wrapped[0], place=PLACE) == b"x" * 32
    again.rotate("acme", at=AT)


def test_a_ring_never_prints_its_secrets() -> None:
    ring = KeyRing.new("acme", at=AT, secret=bytes(range(32)))
    assert ring.versions[0].secret.hex() not in repr(ring)
    assert repr(ring.versions[0].secret) not in repr(ring)


def test_keys_wrapped_by_the_first_release_still_open() -> None:
    held = json.loads(FROZEN.read_text())
    ring = KeyRing.from_bytes(held["wrapped"]["ring"].encode())
    wrapped = base64.b64decode(held["wrapped"]["wrapped"])
    assert ring.unwrap(wrapped, place=Place(**held["wrapped"]["place"]), cipher=VaultCipher()).hex() == held["key"]
    assert KeyRing.from_bytes(ring.to_bytes()) == ring
