"""Actions on a tenant's own key: take it into custody, open, close, change, give it back.

While a tenant holds its own key and nobody of its people has opened it, nothing of its values opens, for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from portal import custody
from portal.actions import OWNER, READERS, TENANT, ActionError, action
from portal.custody import Lock, Tries, new_lock, opened_by
from portal.rooms import RECOVERY
from portal.storage import LOCKED
from portal.storage_values import key_in_use
from portal.workspace import Workspace
from privacy.custody import check_passphrase, new_recovery_code, read_recovery_code

_tries = Tries()

Words: TypeAlias = str
"""What a person knows and the portal does not: no id of anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """Whether a tenant holds its own key, since when, and whether it is open now."""

    held: bool
    open: bool
    since: datetime | None


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def own_key(workspace: Workspace) -> OwnKey:
    """Say whether the tenant holds its own key."""
    with workspace.store.reading() as tx:
        row = key_in_use(tx, workspace.tenant, LOCKED)
    return OwnKey(
        held=row is not None,
        open=row is None or workspace.tenant in workspace.data_keys.secrets.tenants(),
        since=None if row is None else datetime.fromtimestamp(row.created_at, UTC),
    )


@action(needs=OWNER, purpose="operation", highest_class="internal")
def take_key(workspace: Workspace, *, passphrase: Words, again: Words) -> str:
    """Take the key into the tenant's custody; returns the recovery code, which is shown this once and kept nowhere.

    Every data key is wrapped anew and the older versions of the tenant's key are destroyed: backups from before do not
    open any more. Raises PrivacyError passphrase_differs, passphrase_short, passphrase_simple, lock_changed.
    """
    return _changed(workspace, was="", old=None, passphrase=passphrase, again=again)


@action(needs=READERS, purpose="operation", highest_class="internal")
def open_key(workspace: Workspace, *, passphrase: Words) -> None:
    """Open the workspace with its passphrase, until nobody of the tenant is signed in.

    Raises PrivacyError wrong_passphrase, too_many_tries, no_own_key.
    """
    lock, secret = _tried(workspace, passphrase)
    data_keys, tenant, at = workspace.data_keys, workspace.tenant, workspace.clock()

    def keep() -> None:
        data_keys.secrets.hold(tenant, lock, secret)
        custody.finish(data_keys, tenant, at=at)

    _noted(workspace, lock)
    workspace.afterwards(keep)


@action(needs=READERS, purpose="operation", highest_class="internal")
def close_key(workspace: Workspace) -> None:
    """Lock the workspace now, for everybody. Raises PrivacyError no_own_key."""
    lock = workspace.data_keys.lock_id(workspace.tenant)
    if not lock:
        raise ActionError("there is no own key", code="no_own_key", remedy="There is nothing to lock.")
    _noted(workspace, lock)
    workspace.afterwards(lambda: custody.forget(workspace.data_keys, workspace.tenant))


@action(needs=OWNER, purpose="operation", highest_class="internal")
def change_passphrase(workspace: Workspace, *, now: Words, passphrase: Words, again: Words) -> str:
    """Change the passphrase (`now`: the one in force), the secret and the recovery code; returns the new code.

    Raises PrivacyError wrong_passphrase, too_many_tries, and what `take_key` raises.
    """
    lock, secret = _tried(workspace, now)
    return _changed(workspace, was=lock, old=secret, passphrase=passphrase, again=again)


@action(needs=OWNER, purpose="operation", highest_class="internal")
def recover_key(workspace: Workspace, *, code: Words, passphrase: Words, again: Words) -> str:
    """Open with the recovery code and set a new passphrase; returns the new code, for the old one is used up.

    Raises PrivacyError wrong_passphrase, too_many_tries, and what `take_key` raises.
    """
    lock, secret = _tried(workspace, read_recovery_code(code), purpose=RECOVERY)
    return _changed(workspace, was=lock, old=secret, passphrase=passphrase, again=again)


@action(needs=OWNER, purpose="operation", highest_class="internal")
def give_key_back(workspace: Workspace, *, passphrase: Words) -> None:
    """Give the key back into the installation's keeping. Raises PrivacyError wrong_passphrase, too_many_tries."""
    lock, secret = _tried(workspace, passphrase)
    _rekeyed(workspace, was=lock, old=secret, new=None)


def _changed(workspace: Workspace, *, was: str, old: bytes | None, passphrase: Words, again: Words) -> str:
    check_passphrase(passphrase, again)
    code = new_recovery_code()
    new = new_lock(workspace.tenant, words=passphrase, code=code, at=workspace.clock())
    _rekeyed(workspace, was=was, old=old, new=new)
    return code


def _rekeyed(workspace: Workspace, *, was: str, old: bytes | None, new: Lock | None) -> None:
    data_keys, tenant, at = workspace.data_keys, workspace.tenant, workspace.clock()

    def done() -> None:
        custody.forget(data_keys, tenant)
        if new is not None:
            data_keys.secrets.hold(tenant, new.id, new.secret)
        custody.finish(data_keys, tenant, at=at)

    if data_keys.keys.status(tenant).state == "missing":
        data_keys.keys.create_key(tenant, at=at)
    workspace.touched[f"key/{new.id if new is not None else was}"] = ""
    workspace.then(lambda tx: custody.rekey(data_keys, tx, tenant, was=was, old=old, new=new, at=at))
    workspace.afterwards(done)


def _tried(workspace: Workspace, said: str, *, purpose: str = LOCKED) -> tuple[str, bytes]:
    _tries.one(workspace.member.id)
    return opened_by(workspace.data_keys, workspace.tenant, said, purpose=purpose)


def _noted(workspace: Workspace, lock: str) -> None:
    workspace.touched[f"key/{lock}"] = ""
    workspace.then(lambda _: None)
