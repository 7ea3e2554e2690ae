"""``keys``: make the key folder, rotate tenant keys, destroy one for good."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from portal import actions_admin, wiring
from portal.clouds import key_service
from portal.commands.outcome import InputError, Outcome
from portal.identity import VENDOR, Member, Role
from portal.workspace import Workspace
from privacy import archive


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands on keys."""
    keys = commands.add_parser("keys", help="key life cycle: make, rotate, destroy")
    verbs = keys.add_subparsers(metavar="VERB", required=True)
    made = verbs.add_parser("init", help="make the key folder and its root key, once, before `serve`")
    made.set_defaults(run=run_init)
    rotate = verbs.add_parser("rotate", help="give tenant keys a new version; what was sealed stays readable")
    rotate.add_argument("tenants", metavar="TENANT", nargs="*", help="ids of tenants (default: all with a key)")
    rotate.set_defaults(run=run_rotate)
    shred = verbs.add_parser("shred", help="close a tenant for ever: destroy its key, erase its values")
    shred.add_argument("tenant", metavar="TENANT")
    shred.add_argument("--confirm", required=True, metavar="NAME", help="the tenant's name, exactly as it is shown")
    shred.set_defaults(run=run_shred)
    backup = verbs.add_parser(
        "backup", help="make a backup key: a secret file for restoring, a public line for backups"
    )
    backup.add_argument("output", metavar="FILE", type=Path, help="new file for the secret; keep it away from here")
    backup.set_defaults(run=run_backup_key)
    for verb in (made, rotate, shred, backup):
        verb.add_argument("--json", action="store_true")


def run_init(given: argparse.Namespace) -> Outcome:
    """Make what is missing; a folder that is there already stays as it is."""
    del given
    settings = wiring.read_settings()
    key_service(settings.keys, data_folder=settings.data)
    lines = [
        f"keys are in {settings.keys}",
        "Back this folder up apart from the data: without it nothing opens, with it everything does.",
    ]
    return Outcome(document={"keys": settings.keys}, lines=lines)


def run_rotate(given: argparse.Namespace) -> Outcome:
    """Rotate the named tenants' keys, or all."""
    workspace = operator(Role.SECURITY_ADMIN)
    named = given.tenants or [
        str(one["tenant"]) for one in actions_admin.key_status(workspace) if one["state"] == "active"
    ]
    done = [{"tenant": tenant, **actions_admin.rotate_keys(workspace, tenant)} for tenant in named]
    lines = [f"{one['tenant']}: version {one['version']}, {one['data_keys']} data keys wrapped again" for one in done]
    return Outcome(document={"rotated": done}, lines=lines or ["no tenant has a key yet"])


def run_shred(given: argparse.Namespace) -> Outcome:
    """Close a tenant; nothing brings its values back, from no backup of the data."""
    workspace = operator(Role.SYSTEM_ADMIN)
    actions_admin.close_tenant(workspace, given.tenant, confirm=given.confirm)
    status = workspace.keys.status(given.tenant)
    document = {"tenant": given.tenant, "state": status.state, "destroyed_at": status.destroyed_at}
    return Outcome(document=document, lines=[f"{given.tenant}: the key is destroyed, the values are erased"])


def run_backup_key(given: argparse.Namespace) -> Outcome:
    """Make a pair; what is printed is public."""
    secret = archive.new_backup_key()
    write_secret(given.output, secret)
    recipient = archive.recipient_of(secret)
    lines = [
        recipient,
        f"The secret is in {given.output.name}: keep it off this machine. Set MINGSUAN_BACKUP_TO to the line above.",
    ]
    return Outcome(document={"file": given.output.name, "recipient": recipient}, lines=lines)


def write_secret(path: Path, secret: str) -> None:
    """Write a secret line to a new file that nobody else may read."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(
            f"cannot write {path.name}: {error.strerror}",
            code="file_unwritable",
            place=path.name,
            remedy="Choose a new file in a folder you may write to.",
        ) from error


def operator(role: Role) -> Workspace:
    """The person at the machine, in the role that the work asks for; it is noted like any action."""
    member = Member(id="operator", tenant=VENDOR, role=role, subject="operator", name="operator")
    return wiring.portal().workspace(member)
