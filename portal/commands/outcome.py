"""What a command gives back, how it is printed, and which exit status it means."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DONE, FAULT, WRONG, REFUSED, FAILED = 0, 1, 2, 3, 4
_REFUSALS = frozenset({"action_refused", "refused", "not_permitted", "two_persons", "step_up_needed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`document` is printed with --json, `lines` without; `status` 0, or 4 where a check was made and failed."""

    document: Mapping[str, Any]
    lines: Sequence[str] = field(default=())
    status: int = DONE


class InputError(ValueError):
    """The call or its input is wrong; says where, what, and what to do."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


Run = Callable[[argparse.Namespace], Outcome]


def say(text: str) -> None:
    """Tell the person something that is not a result."""
    print(text, file=sys.stderr, flush=True)


def read_bytes(path: Path) -> bytes:
    """The bytes of an input file, or an error that names it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {path.name}: {error.strerror or error}",
            code="file_unreadable",
            place=path.name,
            remedy="Check the name and that you may read the file.",
        ) from error


def read_text(path: Path) -> str:
    """The text of a UTF-8 input file, or an error that names it."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not UTF-8 text (byte {error.start})",
            code="not_utf8",
            place=path.name,
            remedy="Save the file as UTF-8.",
        ) from error


def report(given: argparse.Namespace) -> int:
    """Run the chosen command, print what it gives, return the exit status."""
    as_json = bool(getattr(given, "json", False))
    try:
        run: Run = given.run
        done = run(given)
    except BrokenPipeError:
        return FAULT
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except Exception as error:  # noqa: BLE001  # the one place where every failure becomes a message and a status
        return _failed(error, given, as_json=as_json)
    if as_json:
        print(json.dumps(done.document, ensure_ascii=False, allow_nan=False, default=_plain))
    else:
        for line in done.lines:
            print(line)
    return done.status


def _failed(error: Exception, given: argparse.Namespace, *, as_json: bool) -> int:
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        say("mingsuan: a fault of ours; nothing was changed. Please report the lines below.")
        traceback.print_exception(error, file=sys.stderr)
        return FAULT
    file = str(getattr(given, "subject", "") or "")
    file = Path(file).name
    place = str(getattr(error, "place", "") or "")
    remedy = str(getattr(error, "remedy", "") or "")
    message = str(error)
    if as_json:
        body = {"code": code, "file": file, "place": place, "message": message, "remedy": remedy}
        print(json.dumps({"error": body}, ensure_ascii=False))
    where = ": ".join(part for part in (file, place if place != file else "") if part)
    say(f"mingsuan: {where + ': ' if where else ''}{message}")
    if remedy:
        say(f"  {remedy}")
    return REFUSED if code in _REFUSALS else WRONG


def _plain(value: object) -> object:
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"not JSON: {type(value).__name__}")
