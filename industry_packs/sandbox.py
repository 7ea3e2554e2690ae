"""The gate in a process of its own: what a draft of somebody else may use, and for how long.

A pack holds no code, but its formulas, lines and samples are somebody's input: a draft from the studio is checked and
tested by `python -m industry_packs.sandbox` without keys, network or the right to write files, within limits of
memory, processor time and wall time. It takes the files as JSON on standard input and answers with the report.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from industry_packs.errors import PackError
from industry_packs.folder import read_contents
from industry_packs.pack import read_pack
from industry_packs.previews import preview
from industry_packs.report import report_json
from industry_packs.testing import lint_contents
from industry_packs.trials import run_template, run_trials
from simulators.distributions import Distribution
from simulators.line import Failure, Line, Station
from simulators.simulate import simulate
from templates import worker

CACHE_BYTES = 64 * 2**20
"""The largest file that the compiler of the simulator may keep for the next process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the gate of one pack may use."""

    memory_bytes: int = 4 * 2**30
    cpu_s: int = 180
    wall_s: float = 300.0


def gate_apart(files: Mapping[str, bytes], *, today: date, allowance: Allowance | None = None) -> dict[str, Any]:
    """The whole gate, run in a process of its own; the JSON of `pack test`.

    Findings carry `params` beside their message, so that a page can say them in the reader's language. Raises
    PackError gate_stopped when a limit was hit or the process broke.
    """
    return _asked({"today": today.isoformat()}, files, allowance or Allowance())


def preview_apart(files: Mapping[str, bytes], name: str, *, allowance: Allowance | None = None) -> dict[str, Any]:
    """What one document of a draft gives (`previews.preview`), computed in a process of its own.

    A refusal comes as {"refused": {code, place, message, remedy, params}}. Raises PackError gate_stopped.
    """
    return _asked({"preview": name}, files, allowance or Allowance(cpu_s=40, wall_s=90.0))


def figures_apart(files: Mapping[str, bytes], *, allowance: Allowance | None = None) -> dict[str, dict[str, float]]:
    """The figures of every validation template of a pack, each from its sample; a template that fails has none.

    Raises PackError gate_stopped.
    """
    found: dict[str, dict[str, float]] = _asked({"figures": True}, files, allowance or Allowance())
    return found


def _asked(request: Mapping[str, Any], files: Mapping[str, bytes], limits: Allowance) -> dict[str, Any]:
    whole = {
        **request,
        "files": {name: base64.b64encode(content).decode("ascii") for name, content in files.items()},
        "limits": [limits.memory_bytes, limits.cpu_s],
    }
    with subprocess.Popen(
        [sys.executable, "-I", "-B", "-m", "industry_packs.sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        cwd=Path(__file__).parent.parent,
        close_fds=True,
    ) as process:
        try:
            output, errors = process.communicate(json.dumps(whole).encode(), timeout=limits.wall_s)
        except BaseException as error:
            process.kill()
            if isinstance(error, subprocess.TimeoutExpired):
                raise _stopped() from error
            raise
    if process.returncode < 0 or b"MemoryError" in errors[-4000:]:
        raise _stopped()
    if process.returncode != 0:  # not the pack's fault
        raise RuntimeError(f"the gate broke: {errors[-2000:].decode(errors='replace')}")
    report: dict[str, Any] = json.loads(output)
    return report


def _stopped() -> PackError:
    return PackError(
        "the gate was stopped: the pack takes far more time or memory than a pack may",
        code="gate_stopped",
        remedy="Make its lines, samples and tests smaller.",
    )


def _warm() -> None:
    """Load the compiled engines before the walls go up."""
    cycle = Distribution.constant(60.0)
    failure = Failure(
        name="stop", clock="operating", uptime=Distribution.exponential(3600.0), repair=Distribution.exponential(60.0)
    )
    stations = tuple(Station(name=name, cycle=cycle, failures=(failure,)) for name in ("a", "b"))
    simulate(Line(name="warm", stations=stations), horizon=7200.0, warmup=0.0, replications=1)


def _guard(event: str, args: tuple[Any, ...]) -> None:
    """As the guard of the readers, but the compiler may keep what it compiled."""
    if event == "open" and "__pycache__" in str(args[0]):
        return
    worker.guard(event, args)


def main() -> int:
    """The process: one pack on standard input, its report on standard output."""
    request = json.load(sys.stdin.buffer)
    _warm()
    worker.shut_in(*request["limits"], file_bytes=CACHE_BYTES, hook=_guard)
    files = {name: base64.b64decode(content) for name, content in request["files"].items()}
    if "preview" in request:
        report = _previewed(files, request["preview"])
    elif "figures" in request:
        report = _figures(files)
    else:
        report = _gate(files, request["today"])
    sys.stdout.write(json.dumps(report, ensure_ascii=False))
    return 0


def _gate(files: Mapping[str, bytes], today: str) -> dict[str, Any]:
    found = read_contents(files)
    findings = lint_contents(found, files, today=date.fromisoformat(today))
    trials = () if findings else run_trials(read_pack(files), found.tests)
    manifest = found.manifest
    report = report_json(
        manifest.id if manifest else "",
        manifest.version if manifest else "",
        findings,
        tests=[trial.to_json() for trial in trials],
    )
    for row, finding in zip(report["findings"], findings, strict=True):
        row["params"] = {key: str(value) for key, value in finding.params.items()}
    return report


def _figures(files: Mapping[str, bytes]) -> dict[str, Any]:
    pack = read_pack(files)
    figures: dict[str, dict[str, float]] = {}
    for template in pack.templates:
        figures[template] = {}
        with contextlib.suppress(ValueError, ArithmeticError):
            figures[template] = run_template(pack, template)
    return figures


def _previewed(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        return preview(files, name)
    except ValueError as error:
        return {
            "refused": {
                "code": str(getattr(error, "code", "")),
                "place": str(getattr(error, "place", "")),
                "message": str(error),
                "remedy": str(getattr(error, "remedy", "")),
                "params": {key: str(value) for key, value in getattr(error, "params", {}).items()},
            }
        }


if __name__ == "__main__":
    sys.exit(main())
