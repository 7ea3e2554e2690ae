"""`mingsuan watermark verify`, and the public page that does the same."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal import checking
from portal.cli import main
from portal.identity import Member, Role
from portal.rooms import RECEIPTS, installation_key
from portal.watermarks import published_key, watermark_of, watermarked
from privacy.consent import Consent, give, receipt


def file_of(workspace: Any, consent: str = "c-1") -> bytes:
    mark = watermark_of(workspace, purpose="offer_preparation", consent=consent)
    return watermarked(workspace, json.dumps({"oee": "70-75"}).encode(), mark, form="json")


def key_of(workspace: Any) -> str:
    return base64.b64encode(published_key(workspace.data_keys, workspace.clock)).decode()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    status = main(["watermark", "verify", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.fixture
def good(installation, tmp_path: Path) -> tuple[Path, str]:
    owner = installation.as_(Role.OWNER)
    path = tmp_path / "release.json"
    path.write_bytes(file_of(owner))
    return path, key_of(owner)


def test_a_genuine_file_passes_with_nothing_but_the_key(good, capsys, tmp_path) -> None:
    path, key = good
    status, report = run(capsys, str(path), "--key", key)
    assert (status, report["passed"], report["says"]["consent"]) == (0, True, "c-1")
    (tmp_path / "key.txt").write_text(key + "\n")
    assert run(capsys, str(path), "--key", str(tmp_path / "key.txt"))[0] == 0


def test_a_changed_file_fails_and_says_why(good, capsys) -> None:
    path, key = good
    path.write_bytes(path.read_bytes().replace(b"70-75", b"75-80"))
    status, report = run(capsys, str(path), "--key", key)
    assert (status, report["code"]) == (4, "watermark_moved")
    path.write_bytes(b"{}")
    assert run(capsys, str(path), "--key", key)[1]["code"] == "watermark_missing"


def test_a_wrong_call_is_told_from_a_bad_file(good, capsys) -> None:
    path, _ = good
    status, report = run(capsys, str(path), "--key", "abc")
    assert (status, report["error"]["code"]) == (2, "public_key_unreadable")
    assert run(capsys, str(path) + ".gone", "--key", "abc")[0] == 2


def workspace_in(house: Any) -> Any:
    member = Member(id="o", tenant="nordfilm", role=Role.OWNER, subject="s", name="n", email="n@n.example")
    return house.portal.workspace(member)


def bring(house: Any, data: bytes) -> Any:
    return house.client().post("/verify", files={"file": ("x.json", data)}, headers={"origin": house.url})


def test_the_page_checks_without_sign_in_and_keeps_nothing(house) -> None:
    workspace = workspace_in(house)
    with house.portal.store.reading() as tx:
        before = tx.connection.exec_driver_sql("SELECT count(*) FROM records").scalar()
    page = house.client(**{"accept-language": "en"}).get("/verify")
    assert (page.status_code, key_of(workspace) in page.text) == (200, True)
    good = bring(house, file_of(workspace, consent=""))
    assert (good.status_code, 'role="status"' in good.text) == (200, True)
    changed = bring(house, file_of(workspace).replace(b"70-75", b"75-80"))
    assert (changed.status_code, 'role="alert"' in changed.text) == (422, True)
    with house.portal.store.reading() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM records").scalar() == before


def test_the_page_reads_a_receipt_and_refuses_a_forged_one(house) -> None:
    workspace, at = workspace_in(house), datetime.now(UTC)
    consent = give(
        Consent(
            id="c-2", tenant="nordfilm", workspace="main", notice="release-notice/1", language="en",
            purposes=("offer_preparation",), fields=("irr",), recipient="rep", begins=at,
            until=at + timedelta(days=3), payload_digest="ab",
        ),
        actor="m-1",
        at=at,
    )  # fmt: skip
    seed = installation_key(workspace.data_keys, RECEIPTS, at=at)
    document = receipt(consent, seed=seed, issuer="mingsuan")
    assert bring(house, document.encode()).status_code == 200
    assert bring(house, document.replace('"rep"', '"you"').encode()).status_code == 422


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04rubbish", b"%PDF-1.7", b"[" * 100_000, bytes(1000)])
def test_whatever_is_brought_is_answered_calmly(house, data) -> None:
    assert bring(house, data).status_code in {400, 422}


def test_strangers_cannot_fill_the_memory_with_what_they_bring(house, monkeypatch) -> None:
    own = {"origin": house.url}
    too_large = house.client().post("/verify", content=bytes(22 * 2**20), headers=own)
    assert too_large.status_code == 413  # though uploads of those who are signed in may be larger
    monkeypatch.setattr(checking, "AT_ONCE", 0)
    busy = bring(house, b"{}")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
    monkeypatch.undo()
    for _ in range(checking.AT_ONCE + 1):  # whoever was answered makes room
        assert bring(house, b"{}").status_code == 422


def test_the_keys_are_published(house) -> None:
    told = house.client().get("/verify/keys").json()
    assert told["watermarks_and_receipts"] == key_of(workspace_in(house))
    assert told["log"].startswith("mingsuan/log+")


def test_what_is_said_in_a_file_is_shown_as_text(house) -> None:
    workspace = workspace_in(house)
    mark = watermark_of(workspace, purpose="<script>alert(1)</script>")
    answer = bring(house, watermarked(workspace, b"{}", mark, form="json"))
    assert "<script>alert" not in answer.text
