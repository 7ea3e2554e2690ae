"""``demo`` and ``serve``: run an installation."""

from __future__ import annotations

import argparse
from pathlib import Path

from portal import app, wiring
from portal.commands.outcome import Outcome


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands that run the portal."""
    demo = commands.add_parser("demo", help="the whole portal with demo people and sample data")
    demo.add_argument("--port", type=int)
    demo.set_defaults(run=run_demo)
    serve = commands.add_parser("serve", help="portal and API in production mode")
    serve.add_argument("--host")
    serve.add_argument("--port", type=int)
    serve.add_argument("--config", dest="subject", metavar="FILE", type=Path, help="settings in TOML")
    serve.set_defaults(run=run_serve)


def run_demo(given: argparse.Namespace) -> Outcome:
    """Run until Ctrl-C."""
    app.run_demo(port=given.port)
    return Outcome(document={})


def run_serve(given: argparse.Namespace) -> Outcome:
    """Run until a signal; refuses to start without real keys, secrets and an identity provider."""
    app.run_serve(wiring.read_settings(file=given.subject, host=given.host, port=given.port))
    return Outcome(document={})
