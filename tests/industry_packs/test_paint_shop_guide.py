"""The guide in docs/packs.md is walked: every file is written, every command is run, in the order of the page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from portal.cli import main

GUIDE = Path(__file__).parents[2] / "docs" / "packs.md"
BLOCK = re.compile(r"```(sh|yaml)\n(.*?)```", re.DOTALL)


def steps() -> list[tuple[str, str]]:
    return BLOCK.findall(GUIDE.read_text(encoding="utf-8").partition("## A new pack, step by step")[2])


def test_an_architect_without_python_builds_the_paint_shop_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINGSUAN_DATA", str(tmp_path / "data"))
    told: dict[str, str] = {}
    for kind, text in steps():
        if kind == "yaml":
            head, _, body = text.partition("\n")
            (tmp_path / head.removeprefix("# ")).write_text(body, encoding="utf-8")
            continue
        for line in text.strip().splitlines():
            _, *words = shlex.split(line)
            assert main(words) == 0, line
            told[line] = capsys.readouterr().out
    commands = list(told)
    assert sum("mingsuan" in line for line in commands) >= 11
    assert "passed  light to dark paints more" in told["mingsuan pack test paint-shop"]
    assert re.search(r"paint-shop +0\.1\.0 +canary", told["mingsuan pack list"])


def test_a_step_left_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Without the test file the gate says which template nothing runs."""
    monkeypatch.chdir(tmp_path)
    for kind, text in steps():
        if kind == "yaml" and "/tests/" not in text.partition("\n")[0]:
            head, _, body = text.partition("\n")
            (tmp_path / head.removeprefix("# ")).write_text(body, encoding="utf-8")
        elif kind == "sh" and "pack new" in text:
            assert main(shlex.split(text.splitlines()[0])[1:]) == 0
    capsys.readouterr()
    assert main(["pack", "lint", "paint-shop"]) == 4
    assert "no test runs template 'paint-shop.colour-order'" in capsys.readouterr().out
