"""The list of commands says what their modules say, and a command imports only what it needs."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib import import_module

import pytest

from portal.commands.parser import COMMANDS, build


@pytest.mark.parametrize("group", sorted({group for group, _ in COMMANDS.values()}))
def test_each_module_adds_the_commands_that_the_list_names(group: str) -> None:
    commands = argparse.ArgumentParser().add_subparsers()
    import_module(f"portal.commands.{group}").add(commands)
    real = {choice.dest: choice.help for choice in commands._choices_actions}
    assert real == {name: about for name, (owner, about) in COMMANDS.items() if owner == group}


def test_every_command_is_known_whichever_is_asked_for() -> None:
    for command in ("", "audit", "read"):
        (choices,) = (action.choices for action in build(command)._actions if action.choices)
        assert set(choices) == set(COMMANDS)


def test_the_verifier_needs_neither_portal_nor_simulator() -> None:
    code = (
        "import sys; from portal.commands.parser import build; build('audit');"
        "print(sorted({'streamlit', 'numba', 'sqlalchemy', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
