"""``fit``: what the stops of a file say about the machines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from industry_packs.predictors import installed, predictor_of
from portal.commands.outcome import InputError, Outcome, read_bytes
from simulators import checks, fit, records
from simulators.predictors import FailurePredictor
from templates import limited


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``fit``."""
    fitted = commands.add_parser("fit", help="failure and repair distributions for each machine and cause")
    fitted.add_argument("subject", metavar="STOPS", type=Path)
    fitted.add_argument("--equipment", type=Path, help="equipment list of the same plant")
    fitted.add_argument("--runs", type=Path, help="production runs of the same plant: changeovers between products")
    fitted.add_argument("--predictor", metavar="PACK", help="use the failure predictor that is installed for this pack")
    fitted.add_argument("--timezone", default="UTC")
    fitted.add_argument("--seed", type=int, default=1)
    fitted.add_argument("--json", action="store_true")
    fitted.set_defaults(run=run_fit)


def taken(path: Path, kind: str, timezone: str) -> dict[str, Any]:
    """The typed columns of the first table of this kind in a file."""
    data = read_bytes(path)
    seen = limited.read_limited(data, path.name, kind=kind, timezone=timezone)
    tables: list[dict[str, Any]] = list(seen["tables"])
    for index, table in enumerate(tables):
        mapping = {column["header"]: column["field"] for column in table["columns"] if column["field"]}
        if table["kind"] == kind and mapping:
            got = limited.take_limited(data, path.name, table=index, mapping=mapping, kind=kind, timezone=timezone)
            return dict(got.columns)
    raise InputError(
        f"{path.name} holds no table that we understand as {kind}",
        code="no_such_table",
        place=path.name,
        remedy=f"Run: mingsuan read {path.name} --as {kind}",
    )


def run_fit(given: argparse.Namespace) -> Outcome:
    """Fit every machine and cause of a stop log."""
    stops, findings = checks.check_stops(records.StopLog.from_columns(taken(given.subject, "stops", given.timezone)))
    equipment = None
    if given.equipment:
        columns = taken(given.equipment, "equipment", given.timezone)
        equipment = records.EquipmentList.from_columns(columns)
    counts = None
    if given.runs:
        columns = taken(given.runs, "runs", given.timezone)
        counts, more = checks.check_counts(records.CountLog.from_columns(columns))
        findings = (*findings, *more)
    report = fit.fit_report(
        stops, equipment, counts, seed=given.seed, timezone=given.timezone, predictor=_predictor(given.predictor)
    )
    document = {"file": given.subject.name, **report, "findings": [finding.to_json() for finding in findings]}
    lines = []
    for machine in document["machines"]:
        lines.append(machine["station"])
        for cause in machine["causes"]:
            up, down = cause["uptime"], cause["repair"]
            weak = "  weak data" if up["weak"] else ""
            times = f"uptime {up['chosen']} mean {up['mean']:.0f} s  repair {down['chosen']} mean {down['mean']:.0f} s"
            lines.append(f"  {cause['name']:<24} {up['events']:>4} failures  {times}{weak}")
    for machine in document["changeovers"]:
        overall = machine["overall"]
        lines.append(f"{machine['station']}: {overall['count']} changeovers, mean {overall['mean_s']:.0f} s")
        lines += [
            f"  {one['before']} -> {one['after']}: {one['count']} times, mean {one['mean_s']:.0f} s"
            for one in machine["changes"]
        ]
    return Outcome(document=document, lines=lines)


def _predictor(pack: str | None) -> FailurePredictor | None:
    if pack is None:
        return None
    found = predictor_of(pack)
    if found is None:
        raise InputError(
            f"no failure predictor is installed for {pack}",
            code="no_predictor",
            place="--predictor",
            remedy=f"Installed are: {', '.join(installed()) or 'none'}.",
        )
    return found
