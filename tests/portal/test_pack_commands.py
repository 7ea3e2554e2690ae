"""The life of a pack on the command line, walked as a newcomer would on a fresh data directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portal.cli import main

WHY = "Two plants reported a wrong default."


@pytest.fixture
def pack(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run `mingsuan pack ...` in an empty folder with an empty data directory; returns the document."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINGSUAN_DATA", str(tmp_path / "data"))

    def run(*words: str, status: int = 0) -> dict[str, object]:
        assert main(["pack", *words, "--json"]) == status
        return json.loads(capsys.readouterr().out)

    return run


def test_a_newcomer_gets_from_nothing_to_a_released_pack(pack, tmp_path: Path) -> None:
    made = pack(
        "new", "tube-set", "--like", "medical-devices", "--title-zh", "输液管", "--title-en", "Tube sets",
        "--owner", "Li Na", "--reviewer", "Wang Wei",
    )  # fmt: skip
    assert made["state"] == "draft"
    assert pack("lint", "tube-set") == {"pack": "tube-set", "version": "0.1.0", "passed": True, "findings": []}
    tested = pack("test", "tube-set")
    assert tested["passed"]
    assert all(test["passed"] for test in tested["tests"])
    assert pack("verify", "tube-set", status=4)["error"]["code"] == "unsigned"
    key = pack("key", "key.pem")["key"]
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
    assert pack("key", "key.pem", status=2)["error"]["code"] == "key_file_exists"
    assert pack("sign", "tube-set", "--key", "key.pem")["key"] == key
    assert pack("install", "tube-set", "--by", "lina", status=2)["error"]["code"] == "untrusted_key"
    assert pack("trust", "key.pem", "--title", "Li Na")["key"] == key
    assert pack("verify", "tube-set")["signed_by"] == key
    assert pack("install", "tube-set", "--by", "lina")["state"] == "sandbox"
    assert pack("publish", "tube-set", "0.1.0", "--by", "lina", status=3)["error"]["code"] == "two_persons"
    assert pack("publish", "tube-set", "0.1.0", "--by", "Wang Wei", "--share", "0.05")["state"] == "canary"
    assert pack("publish", "tube-set", "0.1.0", "--by", "Wang Wei")["state"] == "published"
    (row,) = [row for row in pack("list")["packs"] if row["id"] == "tube-set"]
    assert (row["version"], row["state"], row["signed_by"]) == ("0.1.0", "published", key)
    assert all(template.startswith("tube-set.") for template in row["templates"])
    assert pack("retire", "tube-set", "0.1.0", "--by", "Wang Wei", "--reason", "short", status=2)["error"]["code"] == (
        "reason_needed"
    )
    assert pack("retire", "tube-set", "0.1.0", "--by", "Wang Wei", "--reason", WHY)["state"] == "retired"


def test_a_mended_version_is_rolled_back_in_one_step(pack, tmp_path: Path) -> None:
    pack("new", "tube-set", "--like", "medical-devices")
    pack("key", "key.pem")
    pack("trust", "key.pem")
    for version in ("0.1.0", "0.2.0"):
        text = (tmp_path / "tube-set" / "pack.yaml").read_text()
        (tmp_path / "tube-set" / "pack.yaml").write_text(text.replace("version: 0.1.0", f"version: {version}"))
        pack("sign", "tube-set", "--key", "key.pem")
        pack("install", "tube-set", "--by", "ana")
        pack("publish", "tube-set", version, "--by", "ben")
    assert pack("rollback", "tube-set", "--by", "ben", "--reason", WHY)["version"] == "0.1.0"
    states = {row["version"]: row["state"] for row in pack("list")["packs"] if row["id"] == "tube-set"}
    assert states == {"0.1.0": "published", "0.2.0": "deprecated"}


def test_a_pack_that_was_changed_after_signing_is_not_installed(pack, tmp_path: Path) -> None:
    pack("new", "tube-set", "--like", "medical-devices")
    pack("key", "key.pem")
    pack("trust", "key.pem")
    pack("sign", "tube-set", "--key", "key.pem")
    (tmp_path / "tube-set" / "limits.yaml").write_text((tmp_path / "tube-set" / "limits.yaml").read_text() + "\n")
    assert pack("install", "tube-set", "--by", "ana", status=2)["error"]["code"] == "tampered"
    assert not (tmp_path / "data" / "packs" / "tube-set").exists()
