"""``pack``: the life of an industry pack."""

from __future__ import annotations

import argparse
from pathlib import Path

from industry_packs import pack, releases, signing
from portal.commands.outcome import Outcome, read_bytes


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands on packs."""
    packs = commands.add_parser("pack", help="the life of an industry pack")
    verbs = packs.add_subparsers(metavar="VERB", required=True)
    listed = verbs.add_parser("list", help="shipped and installed packs")
    listed.add_argument("--store", type=Path, help="folder of installed packs")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=run_list)
    verify = verbs.add_parser("verify", help="check the signature of a pack's folder")
    verify.add_argument("subject", metavar="FOLDER", type=Path)
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(run=run_verify)
    sign = verbs.add_parser("sign", help="sign a pack's folder")
    sign.add_argument("subject", metavar="FOLDER", type=Path)
    sign.add_argument("--key", type=Path, required=True, help="Ed25519 private key, PEM")
    sign.add_argument("--json", action="store_true")
    sign.set_defaults(run=run_sign)


def run_list(given: argparse.Namespace) -> Outcome:
    """List packs; needs no running portal."""
    document = releases.list_packs(given.store)
    rows = document["packs"]
    assert isinstance(rows, list)
    lines = [f"{row['id']:<28} {row['version']:<10} {row['state']:<12} {row['title']['en']}" for row in rows]
    return Outcome(document=document, lines=lines)


def run_verify(given: argparse.Namespace) -> Outcome:
    """Check the signature against the pinned keys."""
    found = pack.load_pack(given.subject)
    document = {
        "id": found.manifest.id,
        "version": found.manifest.version,
        "digest": found.digest,
        "signed_by": found.signed_by,
    }
    return Outcome(
        document=document, lines=[f"{found.manifest.id} {found.manifest.version}: signed by {found.signed_by}"]
    )


def run_sign(given: argparse.Namespace) -> Outcome:
    """Write pack.sig."""
    signature = signing.sign(given.subject, read_bytes(given.key))
    return Outcome(document={"key": signature.key, "digest": signature.digest}, lines=[f"signed by {signature.key}"])
