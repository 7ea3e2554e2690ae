"""``simulate``, ``study``, ``calc``, ``check``, ``schema``: the engines on documents."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from industry_packs import schemas
from portal import executors
from portal.commands import answers
from portal.commands.outcome import FAILED, InputError, Outcome, read_bytes, read_text, say
from portal.wiring import read_settings
from simulators import people_result, reference_cases, simulate
from simulators.process import Process
from templates import documents, line_document, process_document
from templates.node import DocumentError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands that compute."""
    one = commands.add_parser("simulate", help="one line or process, its key figures")
    one.add_argument("subject", metavar="LINE.yaml", type=Path, help="a line, or a process that people do")
    one.add_argument("--engine", choices=("twin", "reference"), default="twin")
    one.add_argument("--horizon", type=duration, default="8w", help="such as 8w (the warm-up is its first part)")
    one.add_argument("--warmup", type=auto_or(duration), default="auto")
    one.add_argument("--replications", type=auto_or(positive), default="auto")
    one.add_argument("--seed", type=seed, default=1)
    one.add_argument("--workers", type=positive, default=1)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_simulate)
    cases = commands.add_parser("check", help="simulate reference cases and compare")
    cases.add_argument("subject", metavar="CASES.json", type=Path)
    cases.add_argument("--engine", choices=("twin", "reference"), default="twin")
    cases.add_argument("--seed", type=seed, default=1)
    cases.add_argument("--precision", type=float, default=0.002)
    cases.add_argument("--workers", type=positive, default=2)
    cases.add_argument("--json", action="store_true")
    cases.set_defaults(run=run_check)
    schema = commands.add_parser("schema", help="the JSON Schema of a kind of document")
    schema.add_argument("subject", metavar="KIND")
    schema.add_argument("--json", action="store_true")
    schema.set_defaults(run=run_schema)


def duration(text: str) -> float:
    """Seconds from a text such as 8w or 90 min, for argparse."""
    try:
        return documents.load(text, name="time").seconds(zero=True)
    except DocumentError as error:
        raise argparse.ArgumentTypeError(f"{error}. {error.remedy}") from error


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1 or len(text) > 9:
        raise argparse.ArgumentTypeError(f"needs a whole number of at least 1, not {text!r}")
    return int(text)


def seed(text: str) -> int:
    """A whole number from 0 below 2^63."""
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"needs a whole number from 0 to 2^63 - 1, not {text!r}")
    return int(text)


def auto_or(kind: Any) -> Any:
    """The word auto, or what `kind` reads."""

    def read(text: str) -> Any:
        return "auto" if text == "auto" else kind(text)

    read.__name__ = f"auto or {kind.__name__}"
    return read


def spread(workers: int) -> Any:
    """A `map` over that many processes; one worker is this process. A cluster in the settings goes before both."""
    settings = read_settings()
    if settings.executor:
        return executors.cluster(settings.executor)
    return executors.inline if workers == 1 else executors.processes(workers)


def run_simulate(given: argparse.Namespace) -> Outcome:
    """Simulate one document: a line, or a process that people do."""
    tree = documents.load(read_text(given.subject), name=given.subject.name)
    if documents.kind_of(tree) == "process":
        return _people(given, process_document.process_from(tree))
    line = line_document.line_from(tree)
    done = simulate.simulate(
        line,
        horizon=given.horizon,
        warmup=given.warmup,
        replications=given.replications,
        seed=given.seed,
        engine=given.engine,
        executor=spread(given.workers),
    )
    document = done.to_json()
    hours = document["horizon_s"] / 3600
    lines = [f"{document['line']}: {document['replications']} replications of {hours:g} h ({document['engine']})"]
    for name, figure in document["kpis"].items():
        interval = "one replication, no interval"
        if figure["ci95"] is not None:
            low, high = figure["ci95"]
            interval = f"95 % {low:.5g} to {high:.5g}"
        lines.append(f"  {name:<18} {figure['mean']:>12.5g}   {interval}")
    if "exact" in document:
        known = document["exact"]
        lines.append(f"  exact, in the long run: {known['throughput_per_h']:.5g} an hour ({known['kind']})")
    for station in document["stations"]:
        states = "  ".join(f"{state} {share:.1%}" for state, share in station["states"].items())
        lines.append(f"  {station['name']:<18} {states}  bottleneck {station['bottleneck_share']:.0%}")
    return Outcome(document=document, lines=lines)


def _people(given: argparse.Namespace, process: Process) -> Outcome:
    done = people_result.simulate_process(
        process,
        horizon=given.horizon,
        warmup=given.warmup,
        replications=given.replications,
        seed=given.seed,
        executor=spread(given.workers),
    )
    document = done.to_json()
    weeks = document["horizon_s"] / (7 * 86_400)
    lines = [f"{document['process']}: {document['replications']} replications of {weeks:g} weeks"]

    def told(indent: str, name: str, figure: dict[str, Any], unit: str = "") -> None:
        if figure["mean"] is not None:
            between = "" if figure["ci95"] is None else "   95 % {:.4g} to {:.4g}".format(*figure["ci95"])
            lines.append(f"{indent}{name:<28} {figure['mean']:>10.4g}{unit}{between}")

    for name, figure in document["kpis"].items():
        told("  ", name, figure)
    for pool in document["pools"]:
        told("  ", f"{pool['name']} ({pool['people']}) busy", pool["utilisation"])
    for rule in document["rules"]:
        told("  ", f"{rule['name']} kept", rule["kept_share"])
    lines += [f"  level {one['level']}: {one['message']}. {one['remedy']}" for one in document["warnings"]]
    return Outcome(document=document, lines=lines)


def run_check(given: argparse.Namespace) -> Outcome:
    """Simulate every case of a file and say which passed."""
    try:
        cases = json.loads(read_bytes(given.subject))
    except ValueError as error:
        raise InputError(
            f"this is not JSON: {error}",
            code="not_json",
            place=given.subject.name,
            remedy="Give a file in the schema line-reference-cases/1.",
        ) from error
    document = reference_cases.run_cases(
        cases, engine=given.engine, seed=given.seed, precision=given.precision, executor=spread(given.workers)
    )
    lines, failed = [], 0
    for case in document["cases"]:
        verdict = {True: "passed", False: "FAILED"}.get(case.get("passed"), "computed")
        if not case["values"]:
            verdict = "not modelled"
        failed += verdict in {"FAILED", "not modelled"}
        lines.append(f"{case['id']:<24} {verdict:<12} {case['note']}")
    say(f"{len(document['cases']) - failed} of {len(document['cases'])} cases without a fault")
    return Outcome(document=document, lines=lines, status=FAILED if failed else 0)


def run_schema(given: argparse.Namespace) -> Outcome:
    """Print the JSON Schema of one kind."""
    shape = answers.SHAPES.get(given.subject)
    document = schemas.schema(given.subject) if shape is None else shape
    return Outcome(document=document, lines=[json.dumps(document, ensure_ascii=False, indent=1)])
