"""The gate on references: what a pack names is there, what it holds is used and tested."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from industry_packs.content import ValidationTemplate
from industry_packs.folder import Contents
from industry_packs.measures import SIMULATED, read_measure
from industry_packs.report import Findings
from templates.documents import Node


def check_templates(found: Contents, findings: Findings, files: Mapping[str, bytes]) -> None:
    """Every template runs something of the pack, and measures an output of it."""
    for file, node in found.nodes.items():
        if not file.startswith("templates/"):
            continue
        template = found.templates.get(str(node.find("id").value))
        if template is not None:
            _check_template(found, findings, files, template, file, node)


def _check_template(
    found: Contents,
    findings: Findings,
    files: Mapping[str, bytes],
    template: ValidationTemplate,
    file: str,
    node: Node,
) -> None:
    models: Mapping[str, Collection[str]] = {
        "calculator": found.calculators,
        "simulator": found.lines,
        "checklist": found.checklists,
        "process": found.processes,
    }
    known = models[template.model]
    _must_exist(findings, node.find("uses"), file, template.uses, known, template.model)
    for index, module in enumerate(template.modules):
        _must_exist(findings, node.find(f"modules[{index}]"), file, module, found.modules, "module")
    if template.variant:
        _must_exist(findings, node.find("variant"), file, template.variant, known, template.model)
    outputs: Collection[str] = SIMULATED.get(template.model, ())
    if template.uses in found.calculators and template.model == "calculator":
        outputs = {output.name for output in found.calculators[template.uses].outputs}
    for index, output in enumerate(template.outputs):
        place = node.find(f"outputs[{index}]")
        if template.uses in known:
            _must_exist(findings, place.find("name"), file, output.name, outputs, "output")
        measure = read_measure(output.measure)
        if measure is None or measure.name != output.name:
            findings.add(
                place.find("measure"),
                file,
                f"the acceptance measure of {output.name} must compare it with a number",
                code="bad_measure",
                remedy=f"Write it like '{output.name} >= 0.5'.",
                name=output.name,
            )
    fields = {item.name for item in template.fields}
    for name in template.sample:
        _must_exist(findings, node.find(f"sample.{name}"), file, name, fields, "field")
    if template.sample_file and template.sample_file not in files:
        findings.add(
            node.find("sample_file"),
            file,
            f"there is no file {template.sample_file}",
            code="no_sample_file",
            remedy="Add the sample, or correct the path.",
            value=template.sample_file,
        )


def _must_exist(findings: Findings, node: Node, file: str, name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        findings.add(
            node,
            file,
            f"there is no {what} {name!r} in the pack",
            code="no_such_thing",
            remedy=f"Use one of {', '.join(sorted(known)) or 'none'}, or add it.",
            what=what,
            name=name,
            known=", ".join(sorted(known)),
        )


def check_map(found: Contents, findings: Findings) -> None:
    """Every pain leads to an obstacle, every obstacle to evidence."""
    decisions, file = found.decision_map, "decision_map.yaml"
    if decisions is None:
        return
    node = found.nodes[file]
    pains = {pain.id for pain in decisions.pains}
    for index, pain in enumerate(decisions.pains):
        place = node.find(f"pains[{index}]")
        _must_exist(findings, place.find("first_template"), file, pain.first_template, found.templates, "template")
        if not decisions.route(pain.id):
            findings.add(
                place,
                file,
                f"no obstacle belongs to the pain {pain.id!r}",
                code="pain_without_obstacle",
                remedy="Name the pain under one of the obstacles.",
                id=pain.id,
            )
    for index, obstacle in enumerate(decisions.obstacles):
        place = node.find(f"obstacles[{index}]")
        named: tuple[tuple[str, tuple[str, ...], Collection[str], str], ...] = (
            ("templates", obstacle.templates, found.templates, "template"),
            ("checklists", obstacle.checklists, found.checklists, "check list"),
            ("guide", obstacle.guide, found.guide, "guide card"),
            ("pains", obstacle.pains, pains, "pain"),
        )
        for key, names, known, what in named:
            for number, name in enumerate(names):
                _must_exist(findings, place.find(f"{key}[{number}]"), file, name, known, what)


def check_tests(found: Contents, findings: Findings) -> None:
    """Every calculator, template and check list is run by a test."""
    kinds = ("calculator", "template", "checklist", "process", "pain")
    tested = {kind: {test[kind] for test in found.tests} for kind in kinds}
    for template in found.templates.values():
        if template.id in tested["template"]:
            tested[template.model if template.model != "simulator" else "template"] |= {template.uses, template.variant}
    wanted: tuple[tuple[str, Collection[str]], ...] = (
        ("calculator", found.calculators),
        ("template", found.templates),
        ("checklist", found.checklists),
        ("process", found.processes),
    )
    for kind, things in wanted:
        for identity in things:
            if identity not in tested[kind]:
                findings.add(
                    None,
                    "tests/",
                    f"no test runs {kind} {identity!r}",
                    code="no_test",
                    remedy=f"Add a test with '{kind}: {identity}' to tests/.",
                    what=kind,
                    id=identity,
                )
