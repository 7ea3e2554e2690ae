"""A pack's folder, read file by file: what is there, and every refusal that came on the way.

pack.yaml stations.yaml decision_map.yaml limits.yaml
lines/ID.yaml processes/ID.yaml modules/ID.yaml calculators/ID.yaml checklists/ID.yaml templates/ID.yaml uploads/ID.yaml
risks/*.yaml guide/guide.yaml policies/release.yaml tests/*.yaml samples/*
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from calculators.calculator import Calculator
from calculators.checklist import CheckList
from industry_packs import kinds
from industry_packs.content import (
    Brief,
    DecisionMap,
    FieldRule,
    GuideCard,
    Limits,
    Manifest,
    Obstacle,
    OutputRule,
    Pain,
    ReleasePolicy,
    RiskRule,
    StationName,
    UploadColumn,
    UploadTemplate,
    ValidationTemplate,
)
from industry_packs.errors import PackError
from industry_packs.signing import SIGNATURE_FILE
from simulators.line import Line
from simulators.process import Process
from simulators.scenario import Module
from templates.calculator_document import calculator_from
from templates.checklist_document import checklist_from
from templates.documents import DocumentError, Node, closest, load
from templates.line_document import line_from
from templates.module_document import module_from
from templates.process_document import process_from

Made = TypeVar("Made")

ONE = ("pack.yaml", "stations.yaml", "decision_map.yaml", "limits.yaml", "guide/guide.yaml", "policies/release.yaml")
FOLDERS = ("lines", "processes", "modules", "calculators", "checklists", "templates", "uploads", "risks", "tests")


@dataclass(slots=True, kw_only=True)
class Contents:
    """What could be read of a folder; None or empty where a file is missing or was refused (`refusals`)."""

    manifest: Manifest | None = None
    stations: tuple[StationName, ...] = ()
    lines: dict[str, Line] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)
    calculators: dict[str, Calculator] = field(default_factory=dict)
    checklists: dict[str, CheckList] = field(default_factory=dict)
    decision_map: DecisionMap | None = None
    templates: dict[str, ValidationTemplate] = field(default_factory=dict)
    uploads: dict[str, UploadTemplate] = field(default_factory=dict)
    risks: tuple[RiskRule, ...] = ()
    brief: Brief | None = None
    guide: dict[str, GuideCard] = field(default_factory=dict)
    release_policy: ReleasePolicy | None = None
    limits: Limits | None = None
    tests: tuple[Mapping[str, Any], ...] = ()
    nodes: dict[str, Node] = field(default_factory=dict)  # by file, for places
    refusals: list[DocumentError | PackError] = field(default_factory=list)


def read_contents(files: Mapping[str, bytes]) -> Contents:
    """Read every file; nothing is raised, refusals are collected in the order of the files' names."""
    found = Contents()
    for name in ONE:
        if name not in files:
            found.refusals.append(
                PackError(
                    f"{name} is missing",
                    code="missing_file",
                    place=name,
                    remedy="Copy it from the nearest pack and adapt it.",
                    file=name,
                )
            )
    for name in sorted(files):
        try:
            _read(found, name, files[name])
        except (DocumentError, PackError) as error:
            found.refusals.append(_named(error, name))
    return found


def _named(error: DocumentError | PackError, name: str) -> DocumentError | PackError:
    error.params = {**error.params, "file": name}
    return error


def _read(found: Contents, name: str, content: bytes) -> None:
    folder, _, rest = name.rpartition("/")
    if name == SIGNATURE_FILE or folder.split("/")[0] == "samples":
        return
    if name not in ONE and not (folder in FOLDERS and rest.endswith(".yaml")):
        guess = "samples/" if folder not in FOLDERS else f"{folder}/NAME.yaml"
        raise PackError(
            f"{name} has no place in a pack",
            code="unknown_file_in_pack",
            place=name,
            remedy=f"Move it to {guess}, or remove it.",
            file=name,
        )
    node = found.nodes[name] = load(content, name=name)
    identity = rest.removesuffix(".yaml")
    match folder or rest:
        case "pack.yaml":
            found.manifest = _manifest(node)
        case "stations.yaml":
            found.stations = _each(kinds.STATIONS.read(node)["stations"], StationName)
        case "decision_map.yaml":
            values = kinds.DECISION_MAP.read(node)
            found.decision_map = DecisionMap(
                pains=_each(values["pains"], Pain), obstacles=_each(values["obstacles"], Obstacle)
            )
        case "limits.yaml":
            found.limits = Limits(**kinds.LIMITS.read(node))
        case "guide":
            values = kinds.GUIDE.read(node)
            found.brief = Brief(**values["brief"])
            found.guide = {card.id: card for card in _each(values["cards"], GuideCard)}
        case "policies":
            found.release_policy = ReleasePolicy(**kinds.RELEASE_POLICY.read(node))
        case "lines":
            found.lines[identity] = line_from(node)
        case "processes":
            found.processes[identity] = process_from(node)
        case "modules":
            _keep(found.modules, node, identity, module_from(node))
        case "calculators":
            _keep(found.calculators, node, identity, calculator_from(node))
        case "checklists":
            _keep(found.checklists, node, identity, checklist_from(node))
        case "templates":
            template = _template(node, found.calculators)
            found.templates[template.id] = template
        case "uploads":
            values = kinds.UPLOAD.read(node)
            columns = _each(values.pop("columns"), UploadColumn)
            _keep(found.uploads, node, identity, UploadTemplate(columns=columns, **values))
        case "risks":
            found.risks += _each(kinds.RISKS.read(node)["rules"], RiskRule)
        case _:
            found.tests += kinds.PACK_TEST.read(node)["tests"]


def _manifest(node: Node) -> Manifest:
    values = kinds.PACK.read(node)
    engine = values.pop("engine")
    changes = tuple((change["version"], change["notes"]) for change in values.pop("changes"))
    return Manifest(engine=(engine["from"], engine["to"]), changes=changes, **values)


def _template(node: Node, calculators: Mapping[str, Calculator]) -> ValidationTemplate:
    values = kinds.VALIDATION.read(node)
    fields = tuple(
        _field(node.find(f"fields[{index}]"), item, values, calculators)
        for index, item in enumerate(values.pop("fields"))
    )
    outputs = _each(values.pop("outputs"), OutputRule)
    return ValidationTemplate(fields=fields, outputs=outputs, **values)


def _field(
    node: Node, item: dict[str, Any], template: Mapping[str, Any], calculators: Mapping[str, Calculator]
) -> FieldRule:
    """A field with what its calculator's input says about it, or what the template says itself."""
    if template["model"] == "calculator":
        calculator = calculators.get(template["uses"])
        inputs = {} if calculator is None else {found.name: found for found in calculator.inputs}
        if item["name"] not in inputs:
            guess = closest(item["name"], list(inputs))
            raise node.error(
                f"calculator {template['uses']!r} has no input {item['name']!r}",
                code="unknown_input_field",
                remedy=f"Did you mean {guess!r}?" if guess else "Name inputs of the calculator.",
                id=template["uses"],
                value=item["name"],
                guess=guess or ", ".join(inputs),
            )
        found = inputs[item["name"]]
        default = found.likely if isinstance(found.likely, (int, float)) else None
        return FieldRule(
            name=item["name"],
            title=found.title,
            unit=found.unit,
            why=found.purpose,
            where=item["where"],
            default=default,
            source=found.source or None,
        )
    for key in ("title", "why"):
        if item[key] is None:
            raise node.error(
                f"{node.path} needs {key!r}",
                code="missing_key",
                remedy=f"Add a line '{key}: ...'.",
                key=key,
                name=node.path,
            )
    return FieldRule(default=None, source=None, **item)


def _keep(into: dict[str, Any], node: Node, identity: str, value: Any) -> None:
    if value.id != identity:
        raise node.find("id").error(
            f"the id is {value.id!r}, but the file is called {identity}.yaml",
            code="id_and_file",
            remedy="Give the file and the document the same name.",
            id=value.id,
            value=identity,
        )
    into[identity] = value


def _each(values: tuple[dict[str, Any], ...], make: Callable[..., Any]) -> tuple[Any, ...]:
    return tuple(make(**value) for value in values)
