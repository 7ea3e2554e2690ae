"""``backup`` and ``restore``: a running installation as one sealed file, and back."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Final

from portal import actions_backup, backups, storage_schema, wiring
from portal.clouds import in_folder, key_service
from portal.commands.keys import operator, write_secret
from portal.commands.outcome import InputError, Outcome, read_text, say
from portal.identity import Role
from portal.occupied import occupied
from portal.wiring import Settings
from portal.witness import last_witnessed, witness_head
from privacy import archive

KEY_FILE: Final = "backup.key"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``backup`` and ``restore``."""
    backup = commands.add_parser("backup", help="one moment of the whole installation in one sealed file")
    backup.add_argument("subject", metavar="FILE", type=Path)
    backup.add_argument(
        "--to",
        metavar="RECIPIENT",
        help="public backup key (default: MINGSUAN_BACKUP_TO, else that of backup.key in the key folder)",
    )
    backup.set_defaults(run=run_backup)
    restore = commands.add_parser("restore", help="check a backup and write it into an empty installation")
    restore.add_argument("subject", metavar="FILE", type=Path)
    restore.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="file with the secret backup key (default: backup.key in the key folder)",
    )
    restore.add_argument("--check", action="store_true", help="check everything, write nothing: the drill")
    restore.add_argument("--replace", action="store_true", help="give up the installation that is here now")
    restore.add_argument(
        "--older", action="store_true", help="accept that the witness knows a longer log than this backup"
    )
    restore.add_argument("--lost-keys", action="store_true", help="accept that values of some tenants will not open")
    restore.set_defaults(run=run_restore)
    for verb in (backup, restore):
        verb.add_argument("--json", action="store_true")


def run_backup(given: argparse.Namespace) -> Outcome:
    """Write the backup; the file appears whole or not at all."""
    settings = wiring.read_settings()
    recipient = given.to or settings.backup_to or archive.recipient_of(_own_key(settings, make=True))
    workspace = operator(Role.SYSTEM_ADMIN)
    with _new_file(given.subject) as file:
        made = actions_backup.back_up_installation(
            workspace, file, recipient=recipient, product=version("mingsuan"), schema=storage_schema.VERSION
        )
    document = {
        "file": given.subject.name,
        "bytes": given.subject.stat().st_size,
        "recipient": recipient.strip(),
        **_told(made),
        "damaged": made["damaged"],
    }
    if made["damaged"]:
        say(f"{len(made['damaged'])} values have lost their file; the backup holds what is left of them")
    lines = [
        f"{given.subject.name}: {document['rows']} rows, {document['blobs']} files, log of {document['log']} entries",
        f"sealed to {recipient.strip()}",
        "The keys are not in it: back the key folder (or token) up as well, and keep the two apart.",
    ]
    return Outcome(document=document, lines=lines)


def run_restore(given: argparse.Namespace) -> Outcome:
    """Check the backup; then, unless told only to check, write it in one transaction."""
    settings = wiring.read_settings()
    secret = read_text(given.key) if given.key else _own_key(settings, make=False)
    _refuse_without_keys(settings)
    keys = key_service(settings.keys, data_folder=settings.data)
    witness = wiring.witness_file(settings, keys)
    at = wiring.utc_now()
    with _opened(given.subject) as file:
        found = backups.inspect(
            file,
            secret=secret,
            keys=keys,
            at=at,
            schema=storage_schema.VERSION,
            witness=last_witnessed(witness),
        )
        document = {
            "file": given.subject.name,
            **_told(found.manifest),
            "digest": found.digest,
            "witnessed": found.witnessed,
            "older": found.older,
            "tenants": [asdict(one) for one in found.tenants],
            "written": not given.check,
        }
        if given.check:
            return Outcome(document=document, lines=[*_lines(document), "checked; nothing was written"])
        _refuse(found, older=given.older, lost_keys=given.lost_keys)
        with occupied(settings.data, alone=True) as ours:
            if not ours:
                raise InputError(
                    "the installation is running",
                    code="installation_runs",
                    place="MINGSUAN_DATA",
                    remedy="Stop the portal and its workers first.",
                )
            store = wiring.opened_store(settings, keys, owner=True)
            try:
                backups.restore(
                    file,
                    found,
                    secret=secret,
                    store=store,
                    keys=keys,
                    at=at,
                    packs=wiring.packs_folder(settings),
                    replace=given.replace,
                    adapt=storage_schema.fill,
                )
                witness_head(store)
            finally:
                store.close()
    return Outcome(
        document=document,
        lines=[*_lines(document), "restored; everybody signs in again, messages that waited are not sent"],
    )


def _refuse(found: backups.Found, *, older: bool, lost_keys: bool) -> None:
    if found.older and not older:
        raise backups.BackupError(
            f"the witness knows a log of {found.known} entries, this backup holds {found.manifest['log']['entries']}: "
            "what was done since would be undone, withdrawals too",
            code="backup_older",
            remedy="Take the newest backup; if this is it, say --older and repeat what was withdrawn since.",
            known=found.known,
            held=found.manifest["log"]["entries"],
        )
    if found.lost and not lost_keys:
        named = ", ".join(one.tenant for one in found.lost)
        raise backups.BackupError(
            f"values of these tenants would not open, their keys are {found.lost[0].state}: {named}",
            code="backup_keys_lost",
            place=found.lost[0].tenant,
            remedy="Bring back the key folder, take a backup made after the last rotation, or say --lost-keys.",
        )


def _told(manifest: Any) -> dict[str, Any]:
    return {
        "made_at": manifest["made_at"],
        "product": manifest["product"],
        "schema": manifest["schema"],
        "tables": {name: table["rows"] for name, table in manifest["tables"].items()},
        "rows": sum(table["rows"] for table in manifest["tables"].values()),
        "blobs": manifest["blobs"],
        "blob_bytes": manifest["blob_bytes"],
        "packs": manifest["packs"],
        "log": manifest["log"]["entries"],
        "checkpoint": manifest["log"]["checkpoint"],
    }


def _lines(document: dict[str, Any]) -> list[str]:
    made = f"{document['file']}: made {document['made_at']} by version {document['product']}"
    lines = [f"{made}, {document['rows']} rows, {document['blobs']} files, log of {document['log']} entries"]
    lines += [
        f"  {one['tenant']}: {one['state']} ({one['opens']} of {one['keys']} keys)" for one in document["tenants"]
    ]
    if not document["witnessed"]:
        lines.append("  there is no witness here: nobody can say whether this is the newest state")
    return lines


def _own_key(settings: Settings, *, make: bool) -> str:
    """The secret backup key that lies with the tenants' keys."""
    folder = Path(settings.keys)
    if not in_folder(settings.keys):
        raise InputError(
            "a token holds no backup key",
            code="backup_key_missing",
            place="--to" if make else "--key",
            remedy="Make one with `mingsuan keys backup FILE`; give its public line with --to, its file with --key.",
        )
    path = folder / KEY_FILE
    if make and not path.exists():
        key_service(settings.keys, data_folder=settings.data)  # makes and checks the folder
        write_secret(path, archive.new_backup_key())
    return read_text(path)


def _refuse_without_keys(settings: Settings) -> None:
    """A restore makes no key folder: a new one would open nothing."""
    if in_folder(settings.keys) and not (Path(settings.keys) / "root.key").exists():
        raise backups.BackupError(
            "the key folder is not here",
            code="backup_keys_missing",
            place="MINGSUAN_KEYS",
            remedy="Bring the key folder or token of that installation back first; without it nothing opens.",
        )


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    beside = path.with_name(path.name + ".part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise InputError(
            f"cannot write {path.name}: {error.strerror or error}",
            code="file_unwritable",
            place=path.name,
            remedy="Choose a folder you may write to, with enough room.",
        ) from error
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(
            f"cannot read {path.name}: {error.strerror}",
            code="file_unreadable",
            place=path.name,
            remedy="Check the name and that you may read the file.",
        ) from error
    with file:
        yield file
