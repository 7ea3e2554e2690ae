"""From the sandbox to all tenants by two persons, back in one step, and never below what was released."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from industry_packs import releases, signing
from industry_packs.drafts import new_pack
from industry_packs.pack import PackError, load_pack, shipped_pack
from industry_packs.releases import install, installed_pack, list_packs, publish, retire, rollback, version_for
from industry_packs.testing import lint

Keys = tuple[bytes, dict[str, signing.TrustedKey]]
AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
WHY = "Two plants reported a wrong default."
SHIPPED = "discrete-manufacturing"


def version(folder: Path, number: str, key: Keys) -> Path:
    path = folder / "pack.yaml"
    text = path.read_text(encoding="utf-8")
    old = text.split("version: ")[1].split("\n")[0]
    path.write_text(text.replace(f"version: {old}", f"version: {number}"), encoding="utf-8")
    signing.sign(folder, key[0])
    return folder


@pytest.fixture(autouse=True)
def quick_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate's simulations have their own tests."""
    monkeypatch.setattr(releases, "run_trials", lambda pack, tests: ())


def refused(call: object, code: str) -> None:
    with pytest.raises(PackError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_pack_goes_from_sandbox_over_canary_to_everybody(folder: Path, tmp_path: Path, key: Keys) -> None:
    store = tmp_path / "store"
    step = install(version(folder, "1.1.0", key), store, by="ana", at=AT, trusted=key[1])
    assert (step["state"], step["version"]) == ("sandbox", "1.1.0")
    assert version_for(store, SHIPPED, "tenant-1") is None
    canary = publish(store, SHIPPED, "1.1.0", by="ben", at=AT, share=0.2, trusted=key[1])
    assert (canary["state"], canary["share"]) == ("canary", 0.2)
    side = [version_for(store, SHIPPED, f"tenant-{n}") for n in range(1000)]
    assert 140 < side.count("1.1.0") < 260
    assert side == [version_for(store, SHIPPED, f"tenant-{n}") for n in range(1000)]
    assert publish(store, SHIPPED, "1.1.0", by="ben", at=AT, trusted=key[1])["state"] == "published"
    assert version_for(store, SHIPPED, "tenant-1") == "1.1.0"
    rows = [row for row in list_packs(store)["packs"] if row["id"] == SHIPPED]
    assert [(row["version"], row["state"]) for row in rows] == [("1.0.0", "published"), ("1.1.0", "published")]
    assert set(rows[0]) == {"id", "version", "title", "templates", "signed_by", "state"}


def test_nobody_releases_what_he_installed_or_owns(folder: Path, tmp_path: Path, key: Keys) -> None:
    store = tmp_path / "store"
    install(version(folder, "1.1.0", key), store, by="ana", at=AT, trusted=key[1])
    refused(lambda: publish(store, SHIPPED, "1.1.0", by="ana", at=AT, trusted=key[1]), "two_persons")
    refused(lambda: publish(store, SHIPPED, "1.1.0", by="Manufacturing practice", at=AT, trusted=key[1]), "two_persons")


def test_a_released_version_is_rolled_back_in_one_step(folder: Path, tmp_path: Path, key: Keys) -> None:
    store = tmp_path / "store"
    for number in ("1.1.0", "1.2.0"):
        install(version(folder, number, key), store, by="ana", at=AT, trusted=key[1])
        publish(store, SHIPPED, number, by="ben", at=AT, trusted=key[1])
    assert version_for(store, SHIPPED, "t") == "1.2.0"
    refused(lambda: rollback(store, SHIPPED, by="ben", at=AT, reason="bad"), "reason_needed")
    assert rollback(store, SHIPPED, by="ben", at=AT, reason=WHY)["version"] == "1.1.0"
    assert version_for(store, SHIPPED, "t") == "1.1.0"
    rollback(store, SHIPPED, by="ben", at=AT, reason=WHY)
    assert version_for(store, SHIPPED, "t") is None
    refused(lambda: rollback(store, SHIPPED, by="ben", at=AT, reason=WHY), "nothing_published")
    assert installed_pack(store, SHIPPED, "1.2.0").version == "1.2.0"
    assert [step.state for step in releases.history(store, SHIPPED)][-1] == "deprecated"


def test_no_downgrade_no_second_time_no_changed_version(folder: Path, tmp_path: Path, key: Keys) -> None:
    store = tmp_path / "store"
    install(version(folder, "1.2.0", key), store, by="ana", at=AT, trusted=key[1])
    publish(store, SHIPPED, "1.2.0", by="ben", at=AT, trusted=key[1])
    refused(lambda: install(version(folder, "1.1.0", key), store, by="ana", at=AT, trusted=key[1]), "downgrade")
    refused(lambda: install(version(folder, "1.2.0", key), store, by="ana", at=AT, trusted=key[1]), "already_installed")
    refused(lambda: install(version(folder, "1.0.0", key), store, by="ana", at=AT, trusted=key[1]), "already_installed")


def test_what_is_retired_stays_for_old_runs_and_never_returns(folder: Path, tmp_path: Path, key: Keys) -> None:
    store = tmp_path / "store"
    install(version(folder, "1.1.0", key), store, by="ana", at=AT, trusted=key[1])
    retire(store, SHIPPED, "1.1.0", by="ben", at=AT, reason=WHY)
    refused(lambda: publish(store, SHIPPED, "1.1.0", by="ben", at=AT, trusted=key[1]), "wrong_step")
    refused(lambda: retire(store, SHIPPED, "9.9.9", by="ben", at=AT, reason=WHY), "not_installed")
    assert installed_pack(store, SHIPPED, "1.1.0").signed_by in key[1]


def test_a_pack_that_fails_the_gate_is_not_released(folder: Path, tmp_path: Path, key: Keys) -> None:
    path = folder / "decision_map.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("guide: [data]", "guide: [gone]"), encoding="utf-8")
    store = tmp_path / "store"
    install(version(folder, "1.1.0", key), store, by="ana", at=AT, trusted=key[1])
    refused(lambda: publish(store, SHIPPED, "1.1.0", by="ben", at=AT, trusted=key[1]), "gate_failed")


def test_what_was_changed_after_it_was_installed_is_refused(folder: Path, tmp_path: Path, key: Keys) -> None:
    store = tmp_path / "store"
    install(version(folder, "1.1.0", key), store, by="ana", at=AT, trusted=key[1])
    path = store / SHIPPED / "1.1.0" / "modules" / "fast-changeover.yaml"
    path.write_bytes(path.read_bytes().replace(b"likely: 30 %", b"likely: 40 %"))
    refused(lambda: installed_pack(store, SHIPPED, "1.1.0"), "tampered")
    refused(lambda: list_packs(store), "tampered")
    refused(lambda: publish(store, SHIPPED, "1.1.0", by="ben", at=AT, trusted=key[1]), "tampered")


def test_an_unsigned_pack_is_not_installed(folder: Path, tmp_path: Path) -> None:
    (folder / signing.SIGNATURE_FILE).unlink()
    refused(lambda: install(folder, tmp_path / "store", by="ana", at=AT), "unsigned")
    assert not (tmp_path / "store").exists()


def test_a_new_pack_is_begun_from_the_nearest_one_signed_and_installed(tmp_path: Path, key: Keys) -> None:
    draft = tmp_path / "gears"
    made = new_pack(
        draft,
        start=shipped_pack(SHIPPED),
        identity="gear-making",
        title={"zh-CN": "齿轮加工", "en": "Gear making"},
        owner="Ana",
        reviewer="Ben",
    )
    assert made == {"pack": "gear-making", "version": "0.1.0", "state": "draft", "from": "discrete-manufacturing 1.0.0"}
    assert lint(draft)["findings"] == []
    signing.sign(draft, key[0])
    pack = load_pack(draft, trusted=key[1])
    assert all(template.startswith("gear-making.") for template in pack.templates)
    store = tmp_path / "store"
    install(draft, store, by="ana", at=AT, trusted=key[1])
    assert publish(store, "gear-making", "0.1.0", by="ben", at=AT, trusted=key[1])["state"] == "published"
    refused(lambda: rollback(store, "gear-making", by="ben", at=AT, reason=WHY), "nothing_before")


def test_template_ids_of_another_pack_are_not_taken(folder: Path, tmp_path: Path, key: Keys) -> None:
    path = folder / "pack.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("id: discrete-manufacturing", "id: other-pack"), encoding="utf-8"
    )
    signing.sign(folder, key[0])
    refused(lambda: install(folder, tmp_path / "store", by="ana", at=AT, trusted=key[1]), "same_template")


def test_a_draft_needs_a_name_and_an_empty_folder(tmp_path: Path) -> None:
    start = shipped_pack(SHIPPED)
    words = {"title": {"zh-CN": "甲", "en": "A"}, "owner": "Ana", "reviewer": "Ben"}
    refused(lambda: new_pack(tmp_path / "a", start=start, identity="No Spaces", **words), "bad_pack_id")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_text("x")
    refused(lambda: new_pack(tmp_path / "b", start=start, identity="gear-making", **words), "folder_not_empty")
    refused(lambda: shipped_pack("discrete-manufacture"), "unknown_pack")
