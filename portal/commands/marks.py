"""``watermark``: what the watermark of a file says, checked offline with the portal's public key."""

from __future__ import annotations

import argparse
import base64
import binascii
from pathlib import Path
from typing import Any

from portal.commands.outcome import FAILED, InputError, Outcome, read_bytes, read_text
from privacy.marked import check_file
from privacy.vault import PrivacyError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands on watermarks."""
    marks = commands.add_parser("watermark", help="the signed tag on what leaves")
    verbs = marks.add_subparsers(metavar="VERB", required=True)
    check = verbs.add_parser("verify", help="check a JSON, CSV, XLSX, DOCX or PDF file; nothing but the key is needed")
    check.add_argument("subject", metavar="FILE", type=Path)
    check.add_argument(
        "--key", help="the portal's public key (base64, from its page /verify), or a file with it; default: of here"
    )
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=run_verify)


def run_verify(given: argparse.Namespace) -> Outcome:
    """Check one file; a bad watermark is an answer (exit status 4), not an error."""
    data, key = read_bytes(given.subject), _key(given.key)
    report: dict[str, Any]
    try:
        found = check_file(data, public_key=key)
    except PrivacyError as error:
        report = {"passed": False, "code": error.code, "message": str(error), "remedy": error.remedy, "says": None}
        return Outcome(document=report, lines=[str(error), error.remedy], status=FAILED)
    mark = found.mark
    says = {name: getattr(mark, name) for name in mark.__dataclass_fields__} | {"at": mark.at.isoformat()}
    message = "the watermark is genuine and the file is as it was handed out"
    report = {"passed": True, "code": "ok", "message": message, "remedy": "", "says": says}
    return Outcome(document=report, lines=[message, *(f"  {name}: {value}" for name, value in says.items())])


def _key(given: str | None) -> bytes:
    """The key that was given, in a word or a file; else that of the installation on this machine."""
    if given is None:
        from portal import wiring  # noqa: PLC0415  # with a key, the check needs nothing of the portal
        from portal.rooms import data_keys_of  # noqa: PLC0415
        from portal.watermarks import published_key  # noqa: PLC0415

        here = wiring.portal()
        return published_key(data_keys_of(here.store, here.keys), here.now)
    text = read_text(Path(given)).strip() if Path(given).is_file() else given.strip()
    try:
        key = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32:
        raise InputError(
            "this is not the portal's public key",
            code="public_key_unreadable",
            place="--key",
            remedy="Copy the 44 characters from the portal's page /verify.",
        )
    return key
