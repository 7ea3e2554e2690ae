"""``audit``: verify an exported log offline, export the log of this installation, prove one entry."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from portal.commands.outcome import FAILED, InputError, Outcome, read_bytes, read_text, say
from privacy import audit, tenant_copy, verify

if TYPE_CHECKING:
    from portal.workspace import Workspace


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands on the audit log."""
    audit = commands.add_parser("audit", help="the tamper-evident log")
    verbs = audit.add_subparsers(metavar="VERB", required=True)
    check = verbs.add_parser("verify", help="check an export or a tenant's copy offline; names the first bad entry")
    check.add_argument("subject", metavar="EXPORT", type=Path)
    check.add_argument("--key", help="the verifier key you trust (default: the one in the export)")
    check.add_argument("--witness", type=Path, help="a checkpoint kept in another place, or the portal's witness.txt")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=run_verify)
    export = verbs.add_parser("export", help="write the log of this installation as one file")
    export.add_argument("-o", "--output", type=Path, required=True, help="file to write, or - for standard output")
    export.add_argument("--json", action="store_true")
    export.set_defaults(run=run_export)
    prove = verbs.add_parser("prove", help="a proof that one entry is in the log")
    prove.add_argument("index", type=int)
    prove.add_argument("--json", action="store_true")
    prove.set_defaults(run=run_prove)


def run_verify(given: argparse.Namespace) -> Outcome:
    """Verify an export with nothing but its bytes and what the caller trusts."""
    witness = _checkpoints(read_text(given.witness)) if given.witness else None
    data = read_bytes(given.subject)
    if tenant_copy.is_copy(data):
        report = tenant_copy.verify_copy(data, public_key=given.key)
    else:
        report = verify.verify_export(data, public_key=given.key, witness=witness)
    lines = [report.message]
    if report.remedy:
        lines.append(report.remedy)
    if report.passed and not report.pinned:
        lines.append("The key was taken from the export itself. Pass --key with a key you trust.")
    return Outcome(document=report.to_json(), lines=lines, status=0 if report.passed else FAILED)


def run_export(given: argparse.Namespace) -> Outcome:
    """Write the log; a new file appears whole or not at all."""
    from portal import actions_audit  # noqa: PLC0415  # `audit verify` needs nothing of the portal

    data = actions_audit.export_log(_operator())
    if str(given.output) == "-":
        sys.stdout.buffer.write(data)
        return Outcome(document={}, lines=())
    beside = given.output.with_name(given.output.name + ".part")
    try:
        beside.write_bytes(data)
        beside.replace(given.output)
    except OSError as error:
        raise InputError(
            f"cannot write {given.output.name}: {error.strerror}",
            code="file_unwritable",
            place=given.output.name,
            remedy="Choose a folder you may write to.",
        ) from error
    say(f"wrote {given.output.name}")
    return Outcome(document={"file": given.output.name, "bytes": len(data)}, lines=[])


def run_prove(given: argparse.Namespace) -> Outcome:
    """Print the inclusion proof of one entry."""
    from portal import storage_ledger  # noqa: PLC0415  # as above

    workspace = _operator()
    with workspace.store.reading() as tx:
        leaves = [row.leaf for row in storage_ledger.every_entry(tx)]
        notes = [note for _, _, note in storage_ledger.all_checkpoints(tx)]
    if not 0 <= given.index < len(leaves) or not notes:
        raise InputError(
            f"the log has no entry {given.index}; it has {len(leaves)}",
            code="no_such_entry",
            place="index",
            remedy=f"Give a number from 0 to {max(len(leaves) - 1, 0)}.",
        )
    document = audit.prove(leaves, given.index, checkpoint=notes[-1])
    return Outcome(document={"proof": document}, lines=[document])


def _checkpoints(text: str) -> list[str]:
    """The checkpoints of a witness: one as it is signed, or a JSON text a line as the portal appends them."""
    if not text.lstrip().startswith('"'):
        return [text]
    try:
        return [str(json.loads(line)) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise InputError(
            "this is no checkpoint and no witness file",
            code="checkpoint_unreadable",
            place="--witness",
            remedy="Give a checkpoint as it was signed, or the file that the portal appends them to.",
        ) from error


def _operator() -> Workspace:
    """The person at the machine, who reads the log as an audit administrator does; it is noted like any reading."""
    from portal import wiring  # noqa: PLC0415  # as above
    from portal.identity import VENDOR, Member, Role  # noqa: PLC0415

    member = Member(id="operator", tenant=VENDOR, role=Role.AUDIT_ADMIN, subject="operator", name="operator")
    return wiring.portal().workspace(member)
