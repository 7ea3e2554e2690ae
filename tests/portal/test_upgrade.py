"""A data directory of every released version opens: brought up in one step, copied before, and nothing in it is lost."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal import (
    actions_audit,
    actions_data,
    actions_release,
    actions_runs,
    actions_value,
    sessions,
    storage_accounts,
    storage_schema,
    wiring,
)
from portal.identity import Role
from portal.runner import Worker
from portal.storage import metadata
from portal.storage_schema import SchemaError, installation, prepare

FROZEN = sorted((Path(__file__).parents[1] / "data").glob("installation_*.tar.xz"))


@pytest.fixture(params=FROZEN, ids=lambda path: path.name.split("_")[1].removesuffix(".tar.xz"))
def frozen(request, tmp_path) -> Path:
    with tarfile.open(request.param) as tar:
        tar.extractall(tmp_path, filter="data")
    for folder in ("data", "keys"):
        (tmp_path / folder).chmod(0o700)
    for file in (tmp_path / "keys").iterdir():
        file.chmod(0o600)
    return tmp_path


@pytest.fixture
def opened(frozen) -> Any:
    """The frozen installation, opened by this version; `expected` is what was noted when it was frozen."""
    portal = wiring.build(wiring.read_settings({}, data=frozen / "data", keys=str(frozen / "keys")))
    yield portal, json.loads((frozen / "expected.json").read_text("utf-8")), frozen
    portal.store.close()


def workspace(portal: Any, expected: Any, who: str) -> Any:
    with portal.store.reading() as tx:
        found = storage_accounts.member(tx, expected["members"][who])
    assert found is not None
    assert found.active
    return portal.workspace(found)


def test_there_is_a_frozen_copy() -> None:
    assert FROZEN


def test_every_value_of_an_older_version_opens(opened) -> None:
    portal, expected, _ = opened
    owner = workspace(portal, expected, "owner")
    kinds = {kind: len(owner.list(kind)) for kind in expected["kinds"]}
    assert kinds == expected["kinds"]
    for kind in kinds:
        for one in owner.list(kind):
            assert owner.get(kind, one.id) is not None
    assert {view.id: view.kind for view in actions_data.datasets(owner)} == expected["datasets"]
    for dataset in expected["datasets"]:
        assert owner.columns("dataset", dataset)
    assert owner.get("evidence", expected["evidence"]) == b"minutes of a meeting" or isinstance(
        owner.get("evidence", expected["evidence"]), dict
    )


def test_the_work_goes_on(opened) -> None:
    portal, expected, _ = opened
    owner = workspace(portal, expected, "owner")
    assert actions_runs.result(owner)["id"] == expected["result"]
    assert actions_value.appraise(owner, claims=True)["outputs"]
    assert [one.id for one in actions_release.releases(owner)] == [expected["release"]]
    worker = Worker(portal, executor=map)
    while worker.once():
        pass
    assert actions_runs.run_status(owner, expected["queued"]).state == "done"


def test_the_log_holds_and_grows(opened) -> None:
    portal, expected, _ = opened
    officer = workspace(portal, expected, "officer")
    proof = actions_audit.verify_log(officer)
    assert (proof["passed"], proof["witnessed"], proof["differences"]) == (True, True, [])
    assert proof["entries"] >= expected["entries"]


def test_people_are_known_and_signed_out(opened) -> None:
    """Sessions of a version without marks are not believed; the people are."""
    portal, expected, _ = opened
    with portal.store.reading() as tx:
        assert storage_accounts.member(tx, expected["members"]["owner"]).name == "李娜"
        assert storage_accounts.tenant(tx, "north").name == "北方制膜"
        assert storage_accounts.provider(tx, "north").active
        assert storage_accounts.edited_rows(tx) == []
        assert sessions.session_by_token(tx, expected["token"], now=wiring.utc_now()) is None


def test_the_state_before_is_kept_beside(opened) -> None:
    _, expected, folder = opened
    copies = list((folder / "data").glob("*.before-*"))
    assert len(copies) == 1
    assert copies[0].stat().st_mode & 0o077 == 0
    with sqlite3.connect(copies[0]) as before:
        assert before.execute("select count(*) from records").fetchone()[0] > len(expected["kinds"])
        assert "mac" not in {row[1] for row in before.execute("pragma table_info(members)")}


def test_opened_again_nothing_is_done(opened) -> None:
    portal, _, folder = opened
    before = (folder / "data").joinpath(next(p.name for p in (folder / "data").glob("*.before-*"))).stat().st_mtime_ns
    assert prepare(portal.store) == storage_schema.VERSION
    again = wiring.build(portal.settings)
    again.store.close()
    assert next((folder / "data").glob("*.before-*")).stat().st_mtime_ns == before


def test_marks_are_given_once_and_never_for_the_asking(opened) -> None:
    """Who can write to the database cannot have his edits marked by making it look old again."""
    portal, expected, _ = opened
    with portal.store.writing() as tx:
        tx.run(sa.update(storage_accounts.members).values(role="owner", mac=None))
        tx.run(sa.delete(installation))
    again = wiring.build(portal.settings)
    with again.store.reading() as tx:
        assert not storage_accounts.member(tx, expected["members"]["owner"]).active
        assert len(storage_accounts.edited_rows(tx)) >= 4
    again.store.close()


def test_a_failed_step_leaves_the_old_state(frozen, monkeypatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    step = storage_schema.Step(version=storage_schema.VERSION + 1, fill=fail)
    monkeypatch.setattr(storage_schema, "STEPS", (*storage_schema.STEPS, step))
    settings = wiring.read_settings({}, data=frozen / "data", keys=str(frozen / "keys"))
    with pytest.raises(ZeroDivisionError):
        wiring.build(settings)
    with sqlite3.connect(frozen / "data" / "mingsuan.sqlite3") as database:
        assert "mac" not in {row[1] for row in database.execute("pragma table_info(members)")}
        assert database.execute("select name from sqlite_master where name = 'installation'").fetchone() is None
    monkeypatch.undo()
    wiring.build(settings).store.close()


def test_data_of_a_newer_version_are_refused_untouched(opened) -> None:
    portal, _, _ = opened
    with portal.store.writing() as tx:
        tx.run(sa.update(installation).values(value="999"))
    with pytest.raises(SchemaError) as refused:
        wiring.build(portal.settings)
    assert refused.value.code == "data_newer"
    with portal.store.reading() as tx:
        assert storage_schema.version_in(tx) == 999


def test_every_step_names_columns_that_old_rows_can_live_without() -> None:
    for step in storage_schema.STEPS:
        for table, name in step.columns:
            column = metadata.tables[table].columns[name]
            assert column.nullable or column.server_default is not None
    assert [step.version for step in storage_schema.STEPS] == list(range(2, storage_schema.VERSION + 1))


def test_an_administrator_is_still_one(opened) -> None:
    portal, expected, _ = opened
    assert workspace(portal, expected, "admin").member.role is Role.SYSTEM_ADMIN
