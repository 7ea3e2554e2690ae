"""`mingsuan backup` and `restore`: one moment of everything, nothing readable, refused whole when anything is wrong."""

from __future__ import annotations

import io
import json
import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa

from portal import actions_admin, actions_audit, actions_backup, actions_data, cli, storage_accounts, wiring
from portal.actions import ActionError
from portal.commands import answers
from portal.commands.keys import operator
from portal.identity import Member, Role
from portal.kept import KEPT
from portal.occupied import occupied
from portal.retention import erase_staged
from portal.storage import records
from portal.witness import witness_head
from portal.workspace import Workspace
from privacy.keys import KeyUnavailable
from privacy.vault import SealBroken
from tests.canary import CANARY

ROWS = f"machine,start,end,reason\npress,2026-01-05 08:00,2026-01-05 08:10,{CANARY}\n"


class Site:
    """An installation in a folder, worked on by the command line as an operator would."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.root, self.monkeypatch, self.capsys = root, monkeypatch, capsys
        self.opened: list[wiring.Portal] = []
        self.at("data")

    def at(self, data: str, keys: str = "keys") -> None:
        """Go on with another data folder or key folder."""
        while self.opened:
            self.opened.pop().store.close()
        for portal in wiring._portal:
            portal.store.close()
        self.monkeypatch.setattr(wiring, "_portal", [])
        self.monkeypatch.setenv("MINGSUAN_DATA", str(self.root / data))
        self.monkeypatch.setenv("MINGSUAN_KEYS", str(self.root / keys))

    def run(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        self.capsys.readouterr()
        status = cli.main([*arguments, "--json"])
        return status, json.loads(self.capsys.readouterr().out)

    def owner(self, tenant: str) -> Any:
        member = Member(id=f"owner-{tenant}", tenant=tenant, role=Role.OWNER, subject="o", name="Li Na")
        return wiring.portal().workspace(member)

    def new_tenant(self, name: str, rows: str = ROWS) -> str:
        tenant = actions_admin.create_tenant(operator(Role.SYSTEM_ADMIN), name=name).id
        actions_data.paste_rows(self.owner(tenant), rows * 1500)
        return tenant

    def values(self, tenant: str) -> list[bytes]:
        workspace = self.owner(tenant)
        return [workspace.get("file", one.id) for one in workspace.list("file")]

    @property
    def file(self) -> str:
        return str(self.root / "all.backup")


@pytest.fixture
def site(tmp_path, monkeypatch, capsys):
    made = Site(tmp_path, monkeypatch, capsys)
    yield made
    made.at("data")


def test_everything_comes_back_elsewhere(site) -> None:
    acme, north = site.new_tenant("Acme Steel"), site.new_tenant("North Film", "a,b\n1,2\n")
    values = site.values(acme), site.values(north)
    status, made = site.run("backup", site.file)
    assert status == 0
    jsonschema.validate(made, answers.BACKUP)
    assert made["blobs"] > 0
    assert made["damaged"] == []
    site.at("restored")
    status, told = site.run("restore", site.file, "--older")
    assert status == 0
    jsonschema.validate(told, answers.RESTORE)
    assert {one["state"] for one in told["tenants"]} == {"opens"}
    assert (site.values(acme), site.values(north)) == values
    with wiring.portal().store.reading() as tx:
        assert {one.name for one in storage_accounts.all_tenants(tx)} >= {"Acme Steel", "North Film"}
    proof = actions_audit.verify_log(operator(Role.AUDIT_ADMIN))
    assert (proof["passed"], proof["differences"]) == (True, [])
    assert actions_audit.read_log(operator(Role.AUDIT_ADMIN), verb="restore_installation")


def test_nothing_in_a_backup_is_readable_and_nobody_stays_signed_in(site) -> None:
    site.new_tenant("Acme Steel")
    site.run("backup", site.file)
    data = Path(site.file).read_bytes()
    for word in (CANARY.encode(), b"Acme", b"SQLite", b"manifest", b"records"):
        assert word not in data
    assert Path(site.file).stat().st_mode & 0o777 == 0o600
    status, told = site.run("restore", site.file, "--check")
    assert (status, told["written"]) == (0, False)
    assert not {"sessions", "sign_ins", "sign_in_codes", "outbox"} & told["tables"].keys()


def test_a_wrong_key_a_cut_file_and_a_changed_byte_are_refused_before_anything_is_written(site, tmp_path) -> None:
    site.new_tenant("Acme Steel")
    site.run("backup", site.file)
    site.run("keys", "backup", str(tmp_path / "other.key"))
    data = Path(site.file).read_bytes()
    bad = tmp_path / "bad.backup"
    site.at("restored")
    cases = {
        "cut": (data[:-1], "backup_damaged"),
        "half": (data[: len(data) // 2], "backup_damaged"),
        "flipped": (data[:-900] + bytes([data[-900] ^ 1]) + data[-899:], "backup_damaged"),
        "header": (data[:40] + bytes([data[40] ^ 1]) + data[41:], "backup_"),
        "longer": (data + b"x", "backup_damaged"),
        "empty": (b"", "backup_unreadable"),
        "other": (b"PK" + data, "backup_unreadable"),
    }
    for name, (changed, code) in cases.items():
        bad.write_bytes(changed)
        status, answer = site.run("restore", str(bad), "--older")
        assert (status, answer["error"]["code"].startswith(code)) == (2, True), (name, answer)
    status, answer = site.run("restore", site.file, "--older", "--key", str(tmp_path / "other.key"))
    assert (status, answer["error"]["code"]) == (2, "backup_wrong_key")
    assert not (tmp_path / "restored" / "mingsuan.sqlite3").exists()


def test_a_backup_that_somebody_else_sealed_is_refused(site, tmp_path) -> None:
    """The public key is public: what only the installation can make is the signature inside."""
    site.new_tenant("Acme Steel")
    site.run("backup", site.file)
    shutil.copytree(tmp_path / "keys", tmp_path / "attacker-keys", ignore=lambda *_: {"witness.txt"})
    (tmp_path / "attacker-keys" / "root.key").unlink()
    for ring in (tmp_path / "attacker-keys").glob("*.ring"):
        ring.unlink()
    site.at("forged", "attacker-keys")
    site.new_tenant("Acme Steel", "a,b\n6,6\n")
    status, _ = site.run("backup", str(tmp_path / "forged.backup"))
    assert status == 0
    site.at("restored")
    status, answer = site.run("restore", str(tmp_path / "forged.backup"), "--older")
    assert (status, answer["error"]["code"]) == (2, "backup_keys_missing")


def test_an_older_backup_than_the_witness_knows_needs_a_word(site) -> None:
    acme = site.new_tenant("Acme Steel")
    site.run("backup", site.file)
    actions_data.paste_rows(site.owner(acme), "a,b\n3,4\n")
    witness_head(wiring.portal().store)
    site.at("restored")
    status, answer = site.run("restore", site.file)
    assert (status, answer["error"]["code"]) == (2, "backup_older")
    assert site.run("restore", site.file, "--older")[0] == 0
    assert len(site.values(acme)) == 1


def test_an_installation_is_not_written_over_unasked_nor_while_it_runs(site, tmp_path) -> None:
    acme = site.new_tenant("Acme Steel")
    site.run("backup", site.file)
    later = site.new_tenant("Later Works", "a,b\n5,5\n")
    status, answer = site.run("restore", site.file, "--older")
    assert (status, answer["error"]["code"]) == (2, "backup_over_data")
    with occupied(tmp_path / "data"):
        status, answer = site.run("restore", site.file, "--older", "--replace")
        assert (status, answer["error"]["code"]) == (2, "installation_runs")
    assert site.values(later)
    assert site.run("restore", site.file, "--older", "--replace")[0] == 0
    site.at("data")
    assert site.values(acme)
    assert site.values(later) == []
    kept = {name for row in _blobs_in_rows() for name in row}
    assert {path.name for path in (tmp_path / "data" / "blobs").rglob("*") if path.is_file()} == kept


def _blobs_in_rows() -> list[list[str]]:
    with wiring.portal().store.reading() as tx:
        return [json.loads(row["blobs"]) for row in tx.all(sa.select(records.c.blobs))]


def test_a_tenant_whose_key_was_destroyed_stays_erased_in_every_backup(site) -> None:
    acme, north = site.new_tenant("Acme Steel"), site.new_tenant("North Film")
    site.run("backup", site.file)
    assert site.run("keys", "shred", acme, "--confirm", "Acme Steel")[0] == 0
    site.at("restored")
    status, told = site.run("restore", site.file, "--older")
    assert status == 0
    assert {one["tenant"]: one["state"] for one in told["tenants"]}[acme] == "destroyed"
    assert site.values(north)
    with wiring.portal().store.reading() as tx:
        found = storage_accounts.tenant(tx, acme)
        assert found is not None
        assert found.state == "closed"
        assert tx.all(sa.select(records.c.id).where(records.c.tenant == acme)) == []
    assert not any(CANARY.encode() in path.read_bytes() for path in site.root.rglob("*") if path.is_file())


def test_an_erased_dataset_stays_erased_in_every_backup_and_its_neighbour_opens(site, plant) -> None:
    acme = site.new_tenant("Acme Steel")
    owner = site.owner(acme)
    gone, stays, _ = (view.id for view in plant.upload(owner, weeks=2))
    site.run("backup", site.file)
    actions_data.remove_dataset(owner, gone)
    site.at("restored")
    status, told = site.run("restore", site.file, "--older")
    assert status == 0
    (erased,) = (one for one in told["tenants"] if one["tenant"] == acme)
    assert (erased["state"], len(erased["erased"])) == ("opens", 1)
    again = site.owner(acme)
    assert [view.id for view in actions_data.datasets(again) if view.id == gone] == []
    assert len(again.columns("dataset", stays)) > 1
    site.run("keys", "rotate", acme)
    KEPT.drop(acme)
    again.data_keys.forget(acme)
    assert len(again.columns("dataset", stays)) > 1


def test_a_kill_between_removing_and_destroying_is_finished_by_the_workers(site, plant, monkeypatch) -> None:
    acme = site.new_tenant("Acme Steel")
    owner = site.owner(acme)
    gone = plant.upload(owner, weeks=2)[0].id
    site.run("backup", site.file)
    with monkeypatch.context() as killed:
        killed.setattr(Workspace, "done", lambda self: self._clear())
        actions_data.remove_dataset(owner, gone)
    _, told = site.run("restore", site.file, "--check")
    assert [one["erased"] for one in told["tenants"] if one["tenant"] == acme] == [[]]
    portal = wiring.portal()
    erase_staged(portal.store, portal.keys, portal.now)
    _, told = site.run("restore", site.file, "--check")
    assert [len(one["erased"]) for one in told["tenants"] if one["tenant"] == acme] == [1]


def test_a_backup_from_before_a_rotation_opens_until_the_grace_ends(site, monkeypatch) -> None:
    acme = site.new_tenant("Acme Steel")
    site.run("backup", site.file)
    site.run("keys", "rotate")
    site.at("restored")
    assert site.run("restore", site.file, "--older")[0] == 0
    assert site.values(acme)
    later = wiring.utc_now() + timedelta(days=8)
    wiring.portal().keys.retire(acme, at=later)
    site.at("again")
    status, answer = site.run("restore", site.file, "--older")
    assert (status, answer["error"]["code"]) == (2, "backup_keys_lost")
    assert site.run("restore", site.file, "--older", "--lost-keys")[0] == 0
    KEPT.drop(acme)  # a restore is a process of its own
    with pytest.raises((KeyUnavailable, SealBroken)):
        site.values(acme)


def test_without_the_key_folder_nothing_is_restored_and_no_new_one_is_made(site, tmp_path) -> None:
    site.new_tenant("Acme Steel")
    site.run("backup", site.file)
    secret = tmp_path / "aside.key"
    shutil.copy(tmp_path / "keys" / "backup.key", secret)
    site.at("restored", "no-keys")
    status, answer = site.run("restore", site.file, "--key", str(secret), "--older")
    assert (status, answer["error"]["code"]) == (2, "backup_keys_missing")
    assert not (tmp_path / "no-keys").exists()


def test_a_backup_may_be_made_for_a_key_that_is_not_here(site, tmp_path) -> None:
    acme = site.new_tenant("Acme Steel")
    status, pair = site.run("keys", "backup", str(tmp_path / "far.key"))
    assert (status, oct((tmp_path / "far.key").stat().st_mode & 0o777)) == (0, "0o600")
    assert site.run("keys", "backup", str(tmp_path / "far.key"))[0] == 2
    status, made = site.run("backup", site.file, "--to", pair["recipient"])
    assert made["recipient"] == pair["recipient"]
    assert not (tmp_path / "keys" / "backup.key").exists()
    site.at("restored")
    assert site.run("restore", site.file, "--key", str(tmp_path / "far.key"), "--older")[0] == 0
    assert site.values(acme)


def test_people_work_while_a_backup_is_made(site) -> None:
    acme = site.new_tenant("Acme Steel")
    owner, stop, failed = site.owner(acme), threading.Event(), []

    def work() -> None:
        while not stop.is_set():
            try:
                upload = actions_data.paste_rows(owner, ROWS * 1500)
                actions_data.discard_upload(owner, upload)
            except Exception as error:  # noqa: BLE001
                failed.append(error)
                return

    person = threading.Thread(target=work)
    person.start()
    for number in range(3):
        status, made = site.run("backup", str(site.root / f"{number}.backup"))
        assert (status, made["damaged"]) == (0, [])
    stop.set()
    person.join()
    assert failed == []
    site.at("restored")
    assert site.run("restore", str(site.root / "2.backup"), "--older")[0] == 0
    assert len(site.values(acme)) in {1, 2}
    assert actions_audit.verify_log(operator(Role.AUDIT_ADMIN))["passed"]


def test_installed_packs_come_back_too(site, tmp_path) -> None:
    site.new_tenant("Acme Steel")
    kept = tmp_path / "data" / "packs" / "furnaces" / "1.0.0" / "pack.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"mingsuan: pack/1\n")
    (tmp_path / "data" / "packs" / "releases.jsonl").write_bytes(b"{}\n")
    assert site.run("backup", site.file)[1]["packs"] == 2
    site.at("restored")
    assert site.run("restore", site.file, "--older")[0] == 0
    assert (tmp_path / "restored" / "packs" / "furnaces" / "1.0.0" / "pack.yaml").read_bytes() == b"mingsuan: pack/1\n"
    assert sorted(path.name for path in (tmp_path / "restored").iterdir() if path.is_dir()) == ["blobs", "packs"]


def test_a_value_that_lost_its_file_is_named(site) -> None:
    acme = site.new_tenant("Acme Steel")
    with wiring.portal().store.reading() as tx:
        row = tx.all(sa.select(records.c.id, records.c.blobs).where(records.c.tenant == acme, records.c.blobs != "[]"))
    wiring.portal().store.blobs.delete(json.loads(row[0]["blobs"])[0])
    status, made = site.run("backup", site.file)
    assert (status, made["damaged"]) == (0, [row[0]["id"]])


def test_only_the_operator_backs_up(site) -> None:
    acme = site.new_tenant("Acme Steel")
    for workspace in (site.owner(acme), operator(Role.REP), operator(Role.AUDIT_ADMIN)):
        with pytest.raises(ActionError):
            actions_backup.back_up_installation(workspace, io.BytesIO(), recipient="", product="", schema=1)


def test_the_administrator_sees_when_the_last_backup_was_made(site) -> None:
    acme = site.new_tenant("Acme Steel")
    admin = operator(Role.SYSTEM_ADMIN)
    assert actions_backup.backup_status(admin)["backup"] is None
    site.run("backup", site.file)
    actions_data.paste_rows(site.owner(acme), "a,b\n7,8\n")
    found = actions_backup.backup_status(admin)
    assert found["backup"] is not None
    assert (found["since"], found["restore"]) == (1, None)
