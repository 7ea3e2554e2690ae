"""A process that is killed in the middle of its work loses nothing and leaves nothing half done."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tarfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal import actions_audit, actions_data, actions_release, storage_accounts, wiring
from portal.own_keys import finish_erasures
from portal.rooms import OWN
from portal.storage import records
from portal.storage_values import retired_keys

FROZEN = Path(__file__).parents[1] / "data" / "installation_0.1.0.tar.xz"

BEGIN = """
import sys
from datetime import timedelta
from pathlib import Path
from portal import actions_admin, actions_data, actions_release, storage_accounts, wiring
from portal.identity import VENDOR, Member, Role
folder, owner = Path(sys.argv[1]), sys.argv[2]
portal = wiring.build(wiring.read_settings({}, data=folder / "data", keys=str(folder / "keys")))
with portal.store.reading() as tx:
    workspace = portal.workspace(storage_accounts.member(tx, owner))
keeper = portal.workspace(Member(id="k", tenant=VENDOR, role=Role.SECURITY_ADMIN, subject="k", name="k"))
ROWS = "machine,start,end,reason\\n" + "press,2026-01-05 08:00,2026-01-05 08:10,jam\\n" * 2000
print("ready", flush=True)
"""

UPLOAD = """
while True:
    actions_data.paste_rows(workspace, ROWS)
    print("done", flush=True)
"""

ROTATE = """
while True:
    actions_admin.rotate_keys(keeper, "north")
    print("done", flush=True)
"""

SHRED = """
for view in actions_data.datasets(workspace):
    actions_data.remove_dataset(workspace, view.id)
    print("done", flush=True)
    staged = actions_data.paste_rows(workspace, ROWS)
    actions_data.discard_upload(workspace, staged)
"""

RELEASE = """
for consent in actions_release.consents(workspace):
    actions_release.withdraw_consent(workspace, consent.id)
while True:
    seen = actions_release.preview_release(workspace)
    until = portal.now() + timedelta(days=9)
    given = actions_release.give_consent(workspace, purpose="offer_preparation", until=until, digest=seen.digest)
    actions_release.disclose(workspace, consent=given.id, digest=seen.digest)
    print("done", flush=True)
    actions_release.withdraw_consent(workspace, given.id)
"""

WORK = {"upload": UPLOAD, "rotation": ROTATE, "shred": SHRED, "release": RELEASE}


def killed(folder: Path, owner: str, work: str, *, after: float) -> int:
    """Let a process do the work and kill it some time after it began; returns how often it was done."""
    command = [sys.executable, "-c", BEGIN + work, str(folder), owner]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.stderr.read() if process.stderr else ""
    time.sleep(after)
    process.kill()
    return process.communicate()[0].count("done")


def sound(folder: Path, owner: str) -> Any:
    """Open the installation again and check all that must hold whatever was killed; returns the owner's workspace."""
    portal = wiring.build(wiring.read_settings({}, data=folder / "data", keys=str(folder / "keys")))
    finish_erasures(portal.store, portal.keys, at=portal.now())
    with portal.store.reading() as tx:
        member = storage_accounts.member(tx, owner)
        kept = tx.all(sa.select(records).where(records.c.tenant == "north"))
        assert retired_keys(tx, OWN) == []
    assert member is not None
    workspace = portal.workspace(member)
    for row in kept:
        assert workspace.get(row["kind"], row["id"]) is not None
        if row["kind"] == "dataset":
            assert workspace.columns("dataset", row["id"])
        for name in json.loads(row["blobs"]):
            assert portal.store.blobs.get(name)
    with portal.store.reading() as tx:
        (officer,) = [one for one in storage_accounts.members_of(tx, "vendor") if one.role == "compliance_officer"]
    proof = actions_audit.verify_log(portal.workspace(officer))
    assert (proof["passed"], proof["differences"]) == (True, [])
    return workspace


@pytest.mark.slow
@pytest.mark.parametrize("work", sorted(WORK))
def test_a_kill_loses_nothing_and_leaves_nothing_half_done(work, tmp_path) -> None:
    with tarfile.open(FROZEN) as tar:
        tar.extractall(tmp_path, filter="data")
    for path in (tmp_path / "keys", *(tmp_path / "keys").iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    owner = json.loads((tmp_path / "expected.json").read_text("utf-8"))["members"]["owner"]
    dice, done = random.Random(work), 0
    for _ in range(4):
        done += killed(tmp_path, owner, WORK[work], after=dice.uniform(0.02, 0.5))
        workspace = sound(tmp_path, owner)
    if work == "upload":
        assert len(actions_data.uploads(workspace)) >= done
    if work == "release":
        for made in actions_release.releases(workspace):
            assert made.until > workspace.clock() - timedelta(days=1)
    workspace.store.close()
