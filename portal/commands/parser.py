"""The command line as a whole: every command with its options and where it runs."""

from __future__ import annotations

import argparse
from importlib.metadata import version

from portal.commands import files, house, log, models, packs, studies


def build() -> argparse.ArgumentParser:
    """All commands; `mingsuan COMMAND --help` explains each."""
    parser = argparse.ArgumentParser(
        prog="mingsuan",
        description="Customer-side decision sandbox and ROI simulator.",
        epilog="Exit status: 0 done; 2 the input or the call is wrong; 3 refused; 4 a check failed; 1 a fault of ours.",
    )
    parser.add_argument("--version", action="version", version=f"mingsuan {version('mingsuan')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in (house, files, models, studies, packs, log):
        group.add(commands)
    return parser
