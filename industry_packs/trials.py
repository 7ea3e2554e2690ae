"""The gate, second half: a pack's tests and templates are run and compared with what they must give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from calculators.checklist import Answer, CheckList, Status, assess
from calculators.sheet import Given, evaluate
from industry_packs import signing
from industry_packs.errors import PackError
from industry_packs.folder import read_contents
from industry_packs.matching import match_stations
from industry_packs.pack import Pack, read_pack
from industry_packs.report import report_json
from industry_packs.testing import lint_contents
from simulators.line import Line
from simulators.people_result import known, simulate_process
from simulators.process import Process
from simulators.scenario import Adoption, Module, Scenario, apply, targets
from simulators.simulate import simulate
from templates.files import open_tables
from templates.mapping import understand

WEEK = 604_800.0
DRAWS = 2000
PAIRS = 6
PROCESS_WEEKS, PROCESS_RUNS = 26, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One test and what came of it: `figures` are the numbers found, `words` the names, `why` is empty if it passed."""

    name: str
    passed: bool
    figures: Mapping[str, float]
    words: tuple[str, ...]
    why: str

    def to_json(self) -> dict[str, Any]:
        """The trial as in the JSON of `pack test`."""
        return {
            "name": self.name,
            "passed": self.passed,
            "figures": dict(self.figures),
            "words": list(self.words),
            "why": self.why,
        }


def gate(folder: Path, *, today: date | None = None) -> dict[str, Any]:
    """The whole gate: every rule, then every test; the JSON of `pack test`. Tests run only when the rules are kept."""
    files = signing.read_folder(folder)
    found = read_contents(files)
    findings = lint_contents(found, files, today=today)
    trials = () if findings else run_trials(read_pack(files), found.tests)
    manifest = found.manifest
    return report_json(
        manifest.id if manifest else folder.name,
        manifest.version if manifest else "",
        findings,
        tests=[trial.to_json() for trial in trials],
    )


def run_trials(pack: Pack, tests: tuple[Mapping[str, Any], ...]) -> tuple[Trial, ...]:
    """Run every test of a pack; a test that cannot be run has failed, and says why."""
    return tuple(_run(pack, test) for test in tests)


def run_template(pack: Pack, identity: str, *, claims: bool = False) -> dict[str, float]:
    """A validation template from its sample to the figures that its acceptance measures compare."""
    template = pack.templates[identity]
    if template.model == "calculator":
        return _calculated(pack, template.uses, template.sample, claims=claims)
    if template.model == "checklist":
        others = str(template.sample.get("answers", ""))
        return _assessed(pack.checklists[template.uses], {}, others=others)
    if template.model == "process":
        return _staffed(pack.processes[template.uses], pack.processes.get(template.variant))
    modules = tuple(pack.modules[name] for name in template.modules)
    line = pack.lines[template.uses]
    return _compared(line, modules, claims=claims, variant=pack.lines.get(template.variant, line))


def _run(pack: Pack, test: Mapping[str, Any]) -> Trial:
    figures: dict[str, float] = {}
    words: tuple[str, ...] = ()
    try:
        figures, words = _measured(pack, test)
        why = _difference(test, figures, words)
    except (ValueError, KeyError, ArithmeticError) as error:
        why = str(error) or type(error).__name__
    return Trial(name=test["name"], passed=not why, figures=figures, words=words, why=why)


def _measured(pack: Pack, test: Mapping[str, Any]) -> tuple[dict[str, float], tuple[str, ...]]:
    kinds: dict[str, Callable[[], tuple[dict[str, float], tuple[str, ...]]]] = {
        "template": lambda: (run_template(pack, test["template"], claims=test["claims"]), ()),
        "calculator": lambda: (
            _calculated(pack, test["calculator"], test["given"], claims=test["claims"]),
            (),
        ),
        "checklist": lambda: (
            _assessed(pack.checklists[test["checklist"]], test["given"], others=test["others"]),
            (),
        ),
        "upload": lambda: ({}, _fields_of(pack, test["upload"])),
        "pain": lambda: ({}, tuple(obstacle.id for obstacle in pack.decision_map.route(test["pain"]))),
        "machines": lambda: ({}, _matched(pack, test["machines"])),
        "module": lambda: ({}, _targets(pack.lines[test["line"]], pack.modules[test["module"]], test["claims"])),
        "process": lambda: (_staffed(pack.processes[test["process"]], None), ()),
        "line": lambda: (_simulated(pack.lines[test["line"]], horizon=2 * WEEK, replications=8, seed=1), ()),
    }
    for kind, measure in kinds.items():
        if test[kind]:
            return measure()
    raise PackError(
        "the test names nothing to run",
        code="test_of_nothing",
        remedy=f"Name one of {', '.join(kinds)}.",
        known=", ".join(kinds),
    )


def _difference(test: Mapping[str, Any], figures: Mapping[str, float], words: tuple[str, ...]) -> str:
    for name, (low, high) in test["expect"].items():
        if name not in figures:
            return f"there is no figure {name!r}; there are {', '.join(figures) or 'none'}"
        if not low <= figures[name] <= high:
            return f"{name} is {figures[name]:.6g}, expected {low:g} to {high:g}"
    if test["expect_words"] and tuple(test["expect_words"]) != words:
        return f"found {', '.join(words) or 'nothing'}; expected {', '.join(test['expect_words'])}"
    return "" if test["expect"] or test["expect_words"] else "the test expects nothing"


def _calculated(pack: Pack, identity: str, given: Mapping[str, object], *, claims: bool) -> dict[str, float]:
    """The middle value of each output."""
    values = {name: value if isinstance(value, (int, float)) else str(value) for name, value in given.items()}
    sheet = evaluate(
        pack.calculators[identity],
        {name: Given(value=value) for name, value in values.items()},
        draws=DRAWS,
        seed=1,
        claims=claims,
    )
    return {name: float(figure.p50) for name, figure in sheet.outputs.items() if _single(figure.p50)}


def _single(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _assessed(checklist: CheckList, given: Mapping[str, object], *, others: str) -> dict[str, float]:
    statuses = dict.fromkeys((control.id for control in checklist.controls), others)
    statuses.update({name: str(value) for name, value in given.items()})
    answers = {
        name: Answer(
            status=Status(status),
            reason="not used here" if status == "not_applicable" else "",
            evidence=("on file",),
            evidence_age_days=0,
        )
        for name, status in statuses.items()
        if status
    }
    found = assess(checklist, answers)
    return {
        "score_low": found.low,
        "score_high": found.high,
        "open_share": found.open_share,
        "gaps": float(len(found.gaps)),
        "veto_gaps": float(len(found.vetoes)),
    }


def _simulated(line: Line, *, horizon: float, replications: int, seed: int) -> dict[str, float]:
    found = simulate(line, horizon=horizon, warmup=WEEK / 7, replications=replications, seed=seed).to_json()
    return {name: float(kpi["mean"]) for name, kpi in found["kpis"].items()}


def _compared(line: Line, modules: tuple[Module, ...], *, claims: bool, variant: Line) -> dict[str, float]:
    """The line, and its variant with the modules in full use, on the same random numbers, per hour of planned time."""
    line, variant = replace(line, calendar=None), replace(variant, calendar=None)
    modules = tuple(replace(module, adoption=Adoption(shape="step")) for module in modules)
    scenario = Scenario(id="with", title={}, modules=modules, claims=claims)
    drawn = scenario.draw(seed=1, draws=PAIRS, months=1)
    oee, good = [], []
    for draw in range(PAIRS):
        before = _simulated(line, horizon=WEEK, replications=1, seed=draw + 1)
        after = _simulated(apply(variant, scenario, drawn, draw, 0), horizon=WEEK, replications=1, seed=draw + 1)
        oee.append(after["oee"] - before["oee"])
        good.append(after["good_per_h"] - before["good_per_h"])
    better = sum(gain > 0 for gain in good) / PAIRS
    return {"oee_gain": sum(oee) / PAIRS, "good_per_h_gain": sum(good) / PAIRS, "chance_better": better}


def _staffed(today: Process, variant: Process | None) -> dict[str, float]:
    """Key figures of a process, and what a variant of it changes for the same cases."""
    now = _people(today)
    if variant is None:
        return now
    then = _people(variant)
    return now | {
        "cycle_time_saved_h": now["cycle_time_h"] - then["cycle_time_h"],
        "cycle_time_saved_share": 1 - then["cycle_time_h"] / now["cycle_time_h"],
        "kept_share_gain": then["kept_share"] - now["kept_share"],
        "given_up_share_less": now["given_up_share"] - then["given_up_share"],
        "finished_per_week_gain": then["finished_per_week"] - now["finished_per_week"],
        "utilisation_with": then["utilisation"],
        "kept_share_with": then["kept_share"],
    }


def _people(process: Process) -> dict[str, float]:
    done = simulate_process(process, horizon=PROCESS_WEEKS * WEEK, replications=PROCESS_RUNS)
    kept = [known(done.kept(rule)).mean for rule in range(len(process.rules))]
    finished, given_up = done.total("work", "finished"), done.total("work", "given_up")
    slow = [known(done.quantile("work", kind, 1)).mean for kind in range(len(process.work))]
    return {
        "cycle_time_h": known(done.cycle()).mean / 3600,
        "cycle_time_p90_h": max(slow) / 3600,
        "kept_share": min(kept, default=1.0),
        "given_up_share": float(given_up.sum() / max(given_up.sum() + finished.sum(), 1)),
        "finished_per_week": float(finished.mean()) / (done.window.length / WEEK),
        "utilisation": max(known(done.utilisation(pool)).mean for pool in range(len(process.pools))),
    }


def _fields_of(pack: Pack, identity: str) -> tuple[str, ...]:
    """The fields that the product finds in the sample of an upload template, as far as the template names them."""
    upload = pack.uploads[identity]
    opened = open_tables(pack.files[upload.sample], upload.sample.rpartition("/")[2])
    table = understand(opened, kind=upload.kind).tables[0]
    read = {column.field for column in table.columns}
    return tuple(column.field for column in upload.columns if column.field in read)


def _matched(pack: Pack, machines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{station} = {machine}" for station, machine in match_stations(pack.stations, machines).items())


def _targets(line: Line, module: Module, claims: bool) -> tuple[str, ...]:
    active = Scenario(id="x", title={}, modules=(module,), claims=claims).active()
    found = []
    for _, effect in active:
        for station, failure in targets(line, effect):
            place = line.stations[station]
            name = place.failures[failure].name if failure >= 0 else place.name
            found.append(f"{place.name} / {name} / {effect.parameter}")
    return tuple(found)
