"""`mingsuan keys`: made once, rotated without loss, destroyed for good."""

from __future__ import annotations

import json

import pytest

from portal import actions_admin, cli, wiring
from portal.commands.keys import operator
from portal.identity import Member, Role


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a command on an installation of its own; gives exit status and the JSON object."""
    monkeypatch.setenv("MINGSUAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MINGSUAN_KEYS", str(tmp_path / "keys"))
    monkeypatch.setattr(wiring, "_portal", [])

    def call(*arguments: str):
        capsys.readouterr()
        status = cli.main(["keys", *arguments, "--json"])
        return status, json.loads(capsys.readouterr().out)

    yield call
    for portal in wiring._portal:
        portal.store.close()


@pytest.fixture
def tenant(run) -> str:
    return actions_admin.create_tenant(operator(Role.SYSTEM_ADMIN), name="Acme Steel").id


def test_the_folder_is_made_once_and_then_left_alone(run, tmp_path) -> None:
    assert run("init") == (0, {"keys": str(tmp_path / "keys")})
    root = (tmp_path / "keys" / "root.key").read_bytes()
    assert run("init")[0] == 0
    assert (tmp_path / "keys" / "root.key").read_bytes() == root


def test_keys_inside_the_data_are_refused(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MINGSUAN_KEYS", str(tmp_path / "data" / "keys"))
    status, answer = run("init")
    assert (status, answer["error"]["code"]) == (2, "keys_inside_data")


def test_what_was_sealed_before_a_rotation_opens_after_it(run, tenant) -> None:
    owner = Member(id="o", tenant=tenant, role=Role.OWNER, subject="o", name="Li Na")
    workspace = wiring.portal().workspace(owner)
    kept = workspace.put("inputs", {"hourly_cost": 90})
    with workspace.store.writing() as tx:
        workspace.flush(tx)
    workspace.done()
    status, answer = run("rotate")
    assert status == 0
    assert {one["tenant"]: one["version"] for one in answer["rotated"]}[tenant] == 2
    again = wiring.build(wiring.read_settings()).workspace(owner)
    assert again.get("inputs", kept) == {"hourly_cost": 90}
    again.store.close()


def test_a_tenant_is_destroyed_only_under_its_name(run, tenant) -> None:
    status, answer = run("shred", tenant, "--confirm", "acme")
    assert (status, answer["error"]["code"]) == (2, "not_confirmed")
    assert wiring.portal().keys.status(tenant).state != "destroyed"
    status, answer = run("shred", tenant, "--confirm", "Acme Steel")
    assert (status, answer["state"]) == (0, "destroyed")
    assert run("rotate", tenant)[0] == 2
