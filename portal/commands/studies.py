"""``study`` and ``calc``: what modules would change, what it is worth, and the capsule that proves it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from calculators.sheet import Calculator, run_calculator
from industry_packs.pack import shipped_packs
from portal.commands.decisions import best, decision_of
from portal.commands.models import positive, seed, spread
from portal.commands.outcome import FAILED, InputError, Outcome, read_bytes, say
from portal.wiring import utc_now
from simulators.study import Progress
from templates import capsule
from templates.calculator_document import read_calculator, shipped_calculators
from templates.dossier import write_all
from templates.study_document import StudyDocument, files_beside, read_study


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands on studies and calculators."""
    study = commands.add_parser("study", help="scenarios, OEE ramp, value; the capsule")
    verbs = study.add_subparsers(metavar="VERB", required=True)
    run = verbs.add_parser("run", help="compute a study document, write its capsule and its documents")
    run.add_argument("subject", metavar="STUDY.yaml", type=Path)
    run.add_argument("-o", "--output", type=Path, help="folder for capsule and documents (default: beside the study)")
    run.add_argument("--scenario", metavar="ID", help="whom the documents are about (default: what is worth most)")
    run.add_argument("--engine", choices=("twin", "reference"), default="twin")
    run.add_argument("--workers", type=positive, default=1)
    run.add_argument("--json", action="store_true")
    run.set_defaults(run=run_study)
    verify = verbs.add_parser("verify", help="compute a capsule again and compare every number")
    verify.add_argument("subject", metavar="CAPSULE.zip", type=Path)
    verify.add_argument("--workers", type=positive, default=1)
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(run=run_verify)
    calc = commands.add_parser("calc", help="one calculator, with its trace")
    calc.add_argument("subject", metavar="CALCULATOR", help="a name, pack/name, or a YAML file")
    calc.add_argument(
        "-i", "--input", action="append", default=[], metavar='name="12 min"', help="an input; repeatable"
    )
    calc.add_argument("--draws", type=positive, default=20_000)
    calc.add_argument("--seed", type=seed, default=1)
    calc.add_argument("--claims", action="store_true", help="count vendor claims (tier D)")
    calc.add_argument("--json", action="store_true")
    calc.set_defaults(run=run_calc)


def run_study(given: argparse.Namespace) -> Outcome:
    """Compute a study; each file appears whole or not at all, the capsule first."""
    text = read_bytes(given.subject)
    day = utc_now().date()
    beside = files_beside(given.subject.parent)
    asked = _asked(given.scenario, read_study(text, given.subject.name, beside))

    def tell(progress: Progress) -> None:
        say(f"{progress.done} of {progress.planned} draws")

    done = capsule.compute(
        text,
        given.subject.name,
        beside,
        engine=given.engine,
        executor=spread(given.workers),
        progress=tell,
    )
    scenario = asked or best(done)
    folder = given.output or given.subject.parent
    stem = given.subject.stem
    files = {f"{stem}.capsule.zip": capsule.write(done, engine=given.engine)}
    decision = decision_of(done, scenario=scenario, made_at=day, capsule=files[f"{stem}.capsule.zip"])
    files |= write_all(decision, done.sheets.get(scenario), stem=stem)
    document = {**capsule.summary(done), "capsule": f"{stem}.capsule.zip"}
    document |= {"decided": scenario, "documents": sorted(name for name in files if name != document["capsule"])}
    for name, data in files.items():
        _write(folder / name, data)
        say(f"wrote {folder / name}")
    return Outcome(document=document, lines=_told(document))


def _asked(wanted: str | None, document: StudyDocument) -> str:
    """The scenario that was asked for by its id, "" where none was."""
    known = [one.id for one in document.study.scenarios]
    if wanted is None or wanted in known:
        return wanted or ""
    raise InputError(
        f"the study has no scenario {wanted!r}",
        code="unknown_scenario_id",
        place="--scenario",
        remedy=f"Use one of {', '.join(known)}.",
    )


def _write(target: Path, data: bytes) -> None:
    beside = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(target)
    except OSError as error:
        raise InputError(
            f"cannot write {target.name}: {error.strerror}",
            code="file_unwritable",
            place=target.name,
            remedy="Choose a folder you may write to with -o.",
        ) from error


def _told(document: dict[str, Any]) -> list[str]:
    lines = [f"{document['study']}: {document['draws']} draws, {document['months']} months"]
    base = document["scenarios"][0]
    for one in document["scenarios"]:
        last = one["oee"]["mean"][-1]
        low, high = one["oee"]["p10"][-1], one["oee"]["p90"][-1]
        lines.append(f"  {one['title']['en']:<32} OEE {last:.1%} ({low:.1%} to {high:.1%})")
        for name, figure in one.get("value", {}).items():
            if not isinstance(figure["p50"], list) and figure["p50"] is not None:
                lines.append(f"    {name:<24} {figure['p50']:>14,.4g} {figure['unit']}")
    lines.append(f"capsule: {document['capsule']}; the baseline is {base['title']['en']}")
    lines.append(f"documents about {document['decided']}: {', '.join(document['documents'])}")
    return lines


def run_verify(given: argparse.Namespace) -> Outcome:
    """Compute a capsule again."""
    report = capsule.verify(read_bytes(given.subject), given.subject.name, executor=spread(given.workers))
    return Outcome(document=report, lines=[report["message"]], status=0 if report["passed"] else FAILED)


def run_calc(given: argparse.Namespace) -> Outcome:
    """Evaluate one calculator."""
    calculator = _calculator(str(given.subject))
    values = {}
    for text in given.input:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError(
                f"an input is written as name=value, not {text!r}",
                code="bad_input_option",
                place="-i",
                remedy='Write for example -i repair="12 min".',
            )
        values[name.strip()] = value.strip()
    sheet = run_calculator(calculator, values, draws=given.draws, seed=given.seed, claims=given.claims)
    document = sheet.to_json()
    lines = [calculator.title["en"]]
    for name, figure in document["outputs"].items():
        if isinstance(figure["p50"], list):
            continue
        spread_ = "" if figure["p10"] is None else f"   P10 {figure['p10']:,.5g}   P90 {figure['p90']:,.5g}"
        middle = "none" if figure["p50"] is None else f"{figure['p50']:,.6g} {figure['unit']}"
        lines.append(f"  {name:<24} {middle}{spread_}   tier {figure['tier']}")
    return Outcome(document=document, lines=lines)


def _calculator(wanted: str) -> Calculator:
    path = Path(wanted)
    if path.suffix in {".yaml", ".yml"}:
        return read_calculator(read_bytes(path), path.name)
    offered = {
        f"{pack.manifest.id}/{name}": found for pack in shipped_packs() for name, found in pack.calculators.items()
    }
    for name, found in offered.items():
        if wanted in {name, name.split("/", 1)[1]}:
            return found
    if wanted in shipped_calculators():
        return read_calculator(shipped_calculators()[wanted].read_bytes(), f"{wanted}.yaml")
    raise InputError(
        f"there is no calculator {wanted!r}",
        code="unknown_calculator",
        place=wanted,
        remedy=f"Choose one of: {', '.join([*shipped_calculators(), *offered])}.",
    )
