"""The study document `mingsuan: study/1`: one line, modules, scenarios, months, draws, seed, and what it is worth.

A line, a module or a calculator is named by a file beside the study, by whatever else the caller's `fetch` knows (such
as a pack), or stands inside the document itself. Nothing is read from anywhere else: `fetch` is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from simulators.line import Line
from simulators.scenario import Module, Scenario, targets
from simulators.study import Study
from templates.documents import DocumentError, Node, build, load
from templates.line_document import line_from
from templates.module_document import ID, module_from
from templates.shapes import (
    Anything,
    Bilingual,
    ByName,
    Document,
    Fields,
    Maybe,
    Schema,
    Several,
    Share,
    Whole,
    Words,
    YesNo,
)

Fetch = Callable[[str], bytes]
"""From a name in the document to the bytes of that file; raises DocumentError `unknown_file`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What the study is worth: a calculator and what is put into it, for each scenario.

    `calculator` is an id of a shipped calculator or a file name; `inputs` are as written ("12 min", 3.5, or a
    (low, likely, high) triple); `by_scenario` overrides them for one scenario.
    """

    calculator: str
    inputs: Mapping[str, object]
    by_scenario: Mapping[str, Mapping[str, object]]
    draws: int
    claims: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDocument:
    """A study that can be run, and what it is to be worth (None: key figures only)."""

    name: str
    study: Study
    value: Value | None


def _named_or_inside() -> Schema:
    return {"anyOf": [{"type": "string", "minLength": 1}, {"type": "object"}]}


_inputs = ByName(of=Anything(lambda: {"type": ["string", "number", "array"]}))
_scenario = Fields(
    {
        "id": ID,
        "title": Maybe(Bilingual(at_most=200), None),
        "modules": Several(of=Words(at_most=200), at_least=1, at_most=40),
        "claims": Maybe(YesNo(), default=False),
    }
)
STUDY = Document(
    kind="study",
    about="A line, modules, scenarios, and what they are worth",
    fields=Fields(
        {
            "name": Words(at_most=200),
            "line": Anything(_named_or_inside),
            "modules": Maybe(Several(of=Anything(_named_or_inside), at_most=40), ()),
            "scenarios": Several(of=_scenario, at_least=1, at_most=12),
            "months": Maybe(Whole(low=1, high=120), 36),
            "draws": Maybe(Whole(low=2, high=5000), 200),
            "seed": Maybe(Whole(low=0, high=2**53), 1),
            "precision": Maybe(Share(low=0.0001), None),
            "value": Maybe(
                Fields(
                    {
                        "calculator": Maybe(Words(at_most=200), "module_roi"),
                        "inputs": Maybe(_inputs, {}),
                        "by_scenario": Maybe(ByName(of=_inputs), {}),
                        "draws": Maybe(Whole(low=100, high=200_000), 20_000),
                        "claims": Maybe(YesNo(), default=False),
                    }
                ),
                None,
            ),
        }
    ),
)


def read_study(text: str | bytes, name: str, fetch: Fetch) -> StudyDocument:
    """The study that a document describes; lines and modules that it names come through `fetch`.

    Raises DocumentError with the place of whatever is wrong, in the study or in a file that it names.
    """
    document = load(text, name=name)
    values = STUDY.read(document)
    line = line_from(_resolve(values["line"], fetch))
    modules: dict[str, Module] = {}
    for node in values["modules"]:
        module = module_from(_resolve(node, fetch))
        if module.id in modules:
            raise node.error(
                f"module {module.id!r} is given twice", code="same_id", remedy="Keep one of the two.", id=module.id
            )
        modules[module.id] = module
    scenarios = tuple(
        _read_scenario(document.find(f"scenarios[{index}]"), item, modules, line)
        for index, item in enumerate(values["scenarios"])
    )
    _check_ids(document, scenarios)
    study = build(
        document,
        lambda: Study(
            line=line,
            scenarios=scenarios,
            months=values["months"],
            draws=values["draws"],
            seed=values["seed"],
            precision=values["precision"],
        ),
    )
    return StudyDocument(
        name=values["name"], study=study, value=_value(document, values["value"], {item.id for item in scenarios})
    )


def files_beside(folder: Path) -> Fetch:
    """A `Fetch` for files in one folder and below it; nothing outside can be named."""

    def fetch(name: str) -> bytes:
        parts = PurePosixPath(name).parts
        path = folder.joinpath(*parts)
        inside = bool(parts) and ".." not in parts and not PurePosixPath(name).is_absolute() and "\\" not in name
        if not inside or not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise DocumentError(
                f"there is no file {name!r} beside the study",
                code="unknown_file",
                remedy="Give the path of a file in the study's folder, with '/' between the parts.",
                value=name,
            )
        return path.read_bytes()

    return fetch


def _resolve(node: Node, fetch: Fetch) -> Node:
    if node.is_mapping:
        return node
    name = node.text(at_most=400)
    try:
        return load(fetch(name), name=name)
    except DocumentError as error:
        if error.place:
            raise
        raise node.error(str(error), code=error.code, remedy=error.remedy, **_without_file(error.params)) from error


def _read_scenario(node: Node, values: Mapping[str, Any], modules: Mapping[str, Module], line: Line) -> Scenario:
    chosen: list[Module] = []
    for index, identity in enumerate(values["modules"]):
        if identity not in modules:
            raise node.find(f"modules[{index}]").error(
                f"there is no module {identity!r}",
                code="unknown_module",
                remedy=f"Use one of {', '.join(modules)}, or add its file under modules.",
                id=identity,
                known=", ".join(modules),
            )
        chosen.append(modules[identity])
    title = values["title"] or {
        language: " + ".join(module.title[language] for module in chosen) for language in ("zh-CN", "en")
    }
    for module in chosen:
        for effect in module.effects:
            build(node.find("modules"), partial(targets, line, effect))
    return build(node, lambda: Scenario(id=values["id"], title=title, modules=tuple(chosen), claims=values["claims"]))


def _check_ids(document: Node, scenarios: tuple[Scenario, ...]) -> None:
    seen = {"baseline"}
    for index, scenario in enumerate(scenarios):
        if scenario.id in seen:
            raise document.find(f"scenarios[{index}].id").error(
                f"{scenario.id!r} is given twice; baseline is always there",
                code="same_id",
                remedy="Give every scenario its own id.",
                id=scenario.id,
            )
        seen.add(scenario.id)


def _value(document: Node, values: Mapping[str, Any] | None, known: set[str]) -> Value | None:
    if values is None:
        return None
    for identity in values["by_scenario"]:
        if identity not in known:
            raise document.find(f"value.by_scenario.{identity}").error(
                f"there is no scenario {identity!r}",
                code="unknown_scenario_id",
                remedy=f"Use one of {', '.join(sorted(known))}.",
                id=identity,
                known=", ".join(sorted(known)),
            )
    return Value(
        calculator=values["calculator"],
        inputs={name: _given(node) for name, node in values["inputs"].items()},
        by_scenario={
            identity: {name: _given(node) for name, node in inputs.items()}
            for identity, inputs in values["by_scenario"].items()
        },
        draws=values["draws"],
        claims=values["claims"],
    )


def _given(node: Node) -> object:
    """A number, a text with unit, or a (low, likely, high) triple of numbers."""
    if node.is_list:
        low, likely, high = (item.number() for item in node.items(at_least=3, at_most=3))
        return low, likely, high
    return node.text(at_most=200) if isinstance(node.value, str) else node.number()


def _without_file(params: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in params.items() if key != "file"}
