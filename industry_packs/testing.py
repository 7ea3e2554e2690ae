"""The gate, first half: what every pack must be, checked file by file; every finding names its place.

Schemas and units are checked as the files are read. Beyond that: both languages everywhere and each in its own script,
a source for every default and effect, an action and an acceptance measure for every output, references that lead
somewhere, five obstacles with evidence, three default traps, no promise that nobody can keep, tests for everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sized
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

from calculators.lint import lint as lint_calculator
from industry_packs import signing
from industry_packs.folder import Contents, read_contents
from industry_packs.measures import read_measure
from industry_packs.references import check_map, check_templates, check_tests
from industry_packs.report import Findings, PackFinding, report_json
from industry_packs.wording import check_languages, check_source
from simulators.line import Line
from simulators.scenario import Effect, Scenario, targets
from templates.documents import LANGUAGES

CALCULATOR_CODES = ("overlap_without_cap", "benefit_hangs_on_nothing", "claim_without_no_effect")
"""What the schema and the rules here cannot see in a calculator."""


def lint(folder: Path, *, today: date | None = None) -> dict[str, Any]:
    """Check a pack's folder; the JSON of `pack lint`. With `today`, a review date that is over is a finding."""
    files = signing.read_folder(folder)
    found = read_contents(files)
    findings = lint_contents(found, files, today=today)
    manifest = found.manifest
    return report_json(manifest.id if manifest else folder.name, manifest.version if manifest else "", findings)


def lint_contents(found: Contents, files: Mapping[str, bytes], *, today: date | None = None) -> list[PackFinding]:
    """Every finding about a pack that was read into memory."""
    findings = Findings()
    findings.refused(found.refusals)
    _check_manifest(found, findings, today)
    check_languages(found, findings)
    _check_amount(found, findings)
    _check_modules(found, findings)
    _check_defaults(found, findings)
    check_templates(found, findings, files)
    check_map(found, findings)
    _check_risks(found, findings)
    _check_uploads(found, findings, files)
    _check_checklists(found, findings)
    check_tests(found, findings)
    return findings.found


def _check_manifest(found: Contents, findings: Findings, today: date | None) -> None:
    manifest, node = found.manifest, found.nodes.get("pack.yaml")
    if manifest is None or node is None:
        return
    if manifest.owner.strip().casefold() == manifest.reviewer.strip().casefold():
        findings.add(
            node.find("reviewer"),
            "pack.yaml",
            "owner and reviewer are the same",
            code="owner_reviews",
            remedy="Name somebody else as reviewer: nobody approves his own pack.",
        )
    if today is not None and manifest.review_by < today:
        findings.add(
            node.find("review_by"),
            "pack.yaml",
            f"the review was due on {manifest.review_by}",
            code="review_over",
            remedy="Have the content reviewed and set the next date.",
            date=manifest.review_by.isoformat(),
        )
    first, last = (version_key(version) for version in manifest.engine)
    if not first <= version_key(metadata.version("mingsuan")) < last:
        findings.add(
            node.find("engine"),
            "pack.yaml",
            f"the pack is for versions {manifest.engine[0]} to {manifest.engine[1]} of the product",
            code="engine_range",
            remedy="Test it with this version of the product, then widen the range.",
            low=manifest.engine[0],
            high=manifest.engine[1],
        )
    if set(manifest.languages) != set(LANGUAGES):
        findings.add(
            node.find("languages"),
            "pack.yaml",
            f"a pack speaks {' and '.join(LANGUAGES)}",
            code="languages_missing",
            remedy="Complete the translations and name both languages.",
        )
    if manifest.changes[0][0] != manifest.version:
        findings.add(
            node.find("changes[0].version"),
            "pack.yaml",
            f"version {manifest.version} has no entry in the changes",
            code="change_missing",
            remedy="Say first, in both languages, what is new in this version.",
            version=manifest.version,
        )


def _check_amount(found: Contents, findings: Findings) -> None:
    wanted: tuple[tuple[Sized, int, str], ...] = (
        (found.lines, 1, "lines"),
        (found.modules, 2, "modules"),
        (found.calculators, 2, "calculators"),
        (found.checklists, 1, "checklists"),
        (found.templates, 3, "templates"),
        (found.uploads, 1, "uploads"),
    )
    for things, least, folder in wanted:
        if len(things) < least:
            findings.add(
                None,
                f"{folder}/",
                f"a pack needs at least {least} of {folder}, this one has {len(things)}",
                code="too_few",
                remedy=f"Add files to {folder}/.",
                name=folder,
                low=least,
                count=len(things),
            )


def _check_modules(found: Contents, findings: Findings) -> None:
    names = {station.name for station in found.stations}
    for identity, line in found.lines.items():
        for index, station in enumerate(line.stations):
            if found.stations and station.name not in names:
                file = f"lines/{identity}.yaml"
                findings.add(
                    found.nodes[file].find(f"stations[{index}].name"),
                    file,
                    f"station {station.name!r} has no names in stations.yaml",
                    code="station_without_names",
                    remedy="Add its title and the words customers use for it.",
                    name=station.name,
                )
    for identity, module in found.modules.items():
        file = f"modules/{identity}.yaml"
        for index, effect in enumerate(module.effects):
            node = found.nodes[file].find(f"effects[{index}]")
            if effect.tier == "A":
                findings.add(
                    node.find("tier"),
                    file,
                    "a pack cannot measure: tier A is the customer's own data",
                    code="tier_a",
                    remedy="Use C for a public source, D for a claim.",
                )
            if found.lines and not any(_changes(line, effect) for line in found.lines.values()):
                findings.add(
                    node,
                    file,
                    f"the effect on {effect.parameter} of {effect.station!r} changes nothing on any line of the pack",
                    code="effect_without_target",
                    remedy="Name a station and a cause of one of the pack's lines.",
                    parameter=effect.parameter,
                    station=effect.station,
                )
        for index, effect in enumerate(module.effects):
            check_source(findings, found.nodes[file].find(f"effects[{index}].source"), file, effect.source)
        for index, price in enumerate(module.prices):
            check_source(findings, found.nodes[file].find(f"prices[{index}].source"), file, price.source)
        if module.id and not Scenario(id="x", title={}, modules=(module,)).active():
            findings.add(
                found.nodes[file].find("effects"),
                file,
                "without vendor claims the module does nothing",
                code="claims_only",
                remedy="Add at least one effect with a public source, however small.",
                id=module.id,
            )


def _changes(line: Line, effect: Effect) -> bool:
    try:
        return bool(targets(line, effect))
    except ValueError:
        return False


def _check_defaults(found: Contents, findings: Findings) -> None:
    for identity, calculator in found.calculators.items():
        file = f"calculators/{identity}.yaml"
        for item in calculator.inputs:
            if item.likely is None:
                continue
            node = found.nodes[file].find(f"inputs.{item.name}")
            check_source(findings, node, file, item.source)
            if item.tier is None or item.tier.value == "A":
                findings.add(
                    node,
                    file,
                    f"the default of {item.name} needs a tier: C for a public source or convention, D for a claim",
                    code="default_tier",
                    remedy="Add 'tier: C' or 'tier: D'.",
                    name=item.name,
                )
        for missing in lint_calculator(calculator):
            if missing.code in CALCULATOR_CODES:
                findings.add(
                    found.nodes[file],
                    file,
                    f"{missing.place}: {missing.message}",
                    code=missing.code,
                    remedy=missing.remedy,
                    name=missing.place,
                )
        if not calculator.outputs:
            findings.add(
                found.nodes[file],
                file,
                "the calculator has no output",
                code="no_output",
                remedy="Name at least one output with action and acceptance measure.",
                id=identity,
            )


def _check_risks(found: Contents, findings: Findings) -> None:
    traps = [rule for rule in found.risks if rule.trap]
    if len(traps) < 3:
        findings.add(
            None,
            "risks/",
            f"a pack carries three default traps, this one {len(traps)}",
            code="traps_missing",
            remedy="Keep 'AI cures all', 'piling up features' and 'the organisation stays silent'.",
            count=len(traps),
        )
    seen: set[str] = set()
    for file, root in found.nodes.items():
        if not file.startswith("risks/"):
            continue
        for node in root.find("rules").items():
            rule = next((item for item in found.risks if item.id == node.find("id").value), None)
            if rule is None:
                continue
            if rule.id in seen:
                findings.add(
                    node.find("id"),
                    file,
                    f"{rule.id!r} is given twice",
                    code="same_id",
                    remedy="Give every rule its own id.",
                    id=rule.id,
                )
            seen.add(rule.id)
            if rule.trap and (rule.question is None or rule.haircut is None):
                findings.add(
                    node,
                    file,
                    f"trap {rule.id!r} needs a question and a haircut",
                    code="trap_incomplete",
                    remedy="Add the question that finds it out and the share of the benefit that it costs.",
                    id=rule.id,
                )
            if not rule.trap and read_measure(rule.when) is None:
                findings.add(
                    node.find("when"),
                    file,
                    f"rule {rule.id!r} must say when it holds",
                    code="bad_rule",
                    remedy="Write it like 'loss_probability > 0.3'.",
                    id=rule.id,
                )


def _check_uploads(found: Contents, findings: Findings, files: Mapping[str, bytes]) -> None:
    for identity, upload in found.uploads.items():
        file = f"uploads/{identity}.yaml"
        if upload.sample and upload.sample not in files:
            findings.add(
                found.nodes[file].find("sample"),
                file,
                f"there is no file {upload.sample}",
                code="no_sample_file",
                remedy="Add the sample, or correct the path.",
                value=upload.sample,
            )


def _check_checklists(found: Contents, findings: Findings) -> None:
    words = re.compile(
        r"no certificate|not a certificate|not an? (assessment|audit|certif)|no assessment", re.IGNORECASE
    )
    for identity, checklist in found.checklists.items():
        notice = checklist.notice
        if not words.search(notice.get("en", "")) or not re.search("不构成|不是认证|并非认证", notice.get("zh-CN", "")):
            file = f"checklists/{identity}.yaml"
            findings.add(
                found.nodes[file].find("notice"),
                file,
                "the notice must say that a self-check is no assessment and no certificate",
                code="certifies",
                remedy="Say in both languages what the result is not, and who decides.",
                id=identity,
            )


def version_key(version: str) -> tuple[int, ...]:
    """A semantic version as numbers to compare; what follows a '+' or '-' is left out."""
    return tuple(int(part) for part in re.split(r"[+-]", version)[0].split(".")[:3])
