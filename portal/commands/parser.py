"""The command line as a whole: every command, what it is for, and where it runs.

Only the module of the command that was asked for is imported, so that `audit verify` does not wait for the simulator
nor `read` for the portal.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.metadata import version
from typing import Final

COMMANDS: Final = {
    "demo": ("house", "the whole portal with demo people and sample data"),
    "serve": ("house", "portal and API in production mode"),
    "read": ("files", "what we understand of a file; stores nothing"),
    "fit": ("fitting", "failure and repair distributions for each machine and cause"),
    "simulate": ("models", "one line or process, its key figures"),
    "check": ("models", "simulate reference cases and compare"),
    "schema": ("models", "the JSON Schema of a kind of document"),
    "study": ("studies", "scenarios, OEE ramp, value; the capsule"),
    "calc": ("studies", "one calculator, with its trace"),
    "checklist": ("checklists", "self-checks: workbooks, scores, last year, OSCAL"),
    "pack": ("packs", "the life of an industry pack"),
    "keys": ("keys", "key life cycle: make, rotate, destroy"),
    "backup": ("backups", "one moment of the whole installation in one sealed file"),
    "restore": ("backups", "check a backup and write it into an empty installation"),
    "audit": ("log", "the tamper-evident log"),
    "watermark": ("marks", "the signed tag on what leaves"),
}


def build(command: str = "") -> argparse.ArgumentParser:
    """The parser with `command` in full and the others by name; `mingsuan COMMAND --help` explains each."""
    parser = argparse.ArgumentParser(
        prog="mingsuan",
        description="Customer-side decision sandbox and ROI simulator.",
        epilog="Exit status: 0 done; 2 the input or the call is wrong; 3 refused; 4 a check failed; 1 a fault of ours.",
    )
    parser.add_argument("--version", action="version", version=f"mingsuan {version('mingsuan')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    wanted = COMMANDS[command][0] if command in COMMANDS else ""
    if wanted:
        import_module(f"portal.commands.{wanted}").add(commands)
    for name, (group, about) in COMMANDS.items():
        if group != wanted:
            commands.add_parser(name, help=about)
    return parser
