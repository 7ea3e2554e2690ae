"""The check list document `mingsuan: checklist/1`: sections, controls with question and evidence, scoring as data.

The wording of the questions is our own; `reference` names the clause or unit of the standard. A list never certifies:
its `notice` says so, and the gate of the packs refuses one that claims more.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from calculators.checklist import CheckList, Condition, Control, Kind, Level, Scoring, Section, Status
from templates.documents import DocumentError, Node, build, load
from templates.module_document import ID
from templates.shapes import (
    Bilingual,
    Choice,
    Day,
    Document,
    Fields,
    Maybe,
    Number,
    Several,
    Share,
    Whole,
    Words,
    YesNo,
)

OWNERS = (
    "management",
    "finance",
    "production",
    "maintenance",
    "quality",
    "it",
    "security",
    "network",
    "development",
    "operations",
    "data_protection",
    "legal",
    "purchasing",
    "personnel",
    "facilities",
)
"""Who answers a question or takes a step; `owners.<key>` are their names in the portal's texts."""

_folder = Path(__file__).with_name("checklists")
_level = Fields({"id": Words(at_most=40), "points": Share(), "title": Bilingual(at_most=300)})
_control = Fields(
    {
        "id": Words(at_most=80, pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*", example="CES1-01"),
        "section": Words(at_most=80),
        "reference": Words(at_most=120),
        "title": Bilingual(at_most=200),
        "question": Bilingual(at_most=1000),
        "evidence": Several(of=Bilingual(at_most=300), at_least=1, at_most=12),
        "remediation": Bilingual(at_most=1000),
        "method": Maybe(Choice(("interview", "inspect", "test")), "inspect"),
        "owner_role": Choice(OWNERS),
        "weight": Maybe(Number(above=0, high=100), 1.0),
        "veto": Maybe(YesNo(), default=False),
        "evidence_max_age_days": Maybe(Whole(low=1, high=3660), None),
        "maps_to": Maybe(Several(of=Words(at_most=120), at_most=40), ()),
        "kind": Maybe(Choice(tuple(Kind)), "statement"),
        "levels": Maybe(Several(of=_level, at_least=2, at_most=12), ()),
        "applies_if": Maybe(
            Fields({"control": Words(at_most=80), "among": Several(of=Words(at_most=80), at_least=1, at_most=12)}), None
        ),
    }
)
CHECKLIST = Document(
    kind="checklist",
    about="A self-check: sections, controls, scoring",
    fields=Fields(
        {
            "id": ID,
            "version": Words(pattern=r"\d+\.\d+\.\d+", example="1.0.0"),
            "title": Bilingual(at_most=200),
            "edition": Words(at_most=200),
            "as_of": Day(),
            "source": Bilingual(),
            "notice": Bilingual(),
            "scoring": Fields(
                {
                    "met": Share(),
                    "partly": Share(),
                    "not_met": Share(),
                    "grades": Maybe(
                        Several(
                            of=Fields({"id": Words(at_most=40), "from": Share(), "title": Bilingual(at_most=200)}),
                            at_most=10,
                        ),
                        (),
                    ),
                }
            ),
            "sections": Several(
                of=Fields(
                    {
                        "id": Words(at_most=80),
                        "title": Bilingual(at_most=200),
                        "weight": Maybe(Number(above=0, high=1000), None),
                    }
                ),
                at_least=1,
            ),
            "controls": Several(of=_control, at_least=1, at_most=1000),
        }
    ),
)


def read_checklist(text: str | bytes, name: str) -> CheckList:
    """The check list that a document describes; `name` is the file's name for messages.

    Raises DocumentError with the place: same_id, unknown_section, empty_section, grades_order, and all of `load`.
    """
    return checklist_from(load(text, name=name))


def checklist_from(document: Node) -> CheckList:
    """The check list of a loaded document."""
    values = CHECKLIST.read(document)
    sections = tuple(Section(**item) for item in values["sections"])
    _unique(document, "sections", (section.id for section in sections))
    _unique(document, "controls", (item["id"] for item in values["controls"]))
    _check_sections(document, values)
    _check_kinds(document, values)
    grades = values["scoring"]["grades"]
    floors = [grade["from"] for grade in grades]
    if floors != sorted(set(floors), reverse=True):
        raise document.find("scoring.grades").error(
            "grades stand from the best to the worst, each from a lower score than the one before",
            code="grades_order",
            remedy="Put them in order; the last one begins at 0.",
        )
    scoring = values["scoring"]
    return build(
        document,
        lambda: CheckList(
            id=values["id"],
            version=values["version"],
            title=values["title"],
            edition=values["edition"],
            as_of=values["as_of"].isoformat(),
            source=values["source"],
            sections=sections,
            controls=tuple(_made(item) for item in values["controls"]),
            scoring=Scoring(
                met=scoring["met"],
                partly=scoring["partly"],
                not_met=scoring["not_met"],
                grades=tuple((grade["id"], grade["from"], grade["title"]) for grade in grades),
            ),
            notice=values["notice"],
        ),
    )


def _made(item: dict[str, Any]) -> Control:
    condition = item.pop("applies_if")
    levels = tuple(Level(**level) for level in item.pop("levels"))
    kind = Kind(item.pop("kind"))
    return Control(**item, kind=kind, levels=levels, applies_if=None if condition is None else Condition(**condition))


def _check_kinds(document: Node, values: dict[str, Any]) -> None:
    """Choices have levels, and only they; a condition names an earlier control and what it can be answered with."""
    earlier: dict[str, set[str]] = {}
    for index, item in enumerate(values["controls"]):
        place = document.find(f"controls[{index}]")
        if (item["kind"] == "choice") != bool(item["levels"]):
            raise place.error(
                f"control {item['id']!r}: a choice has levels, and nothing else has",
                code="choice_levels",
                remedy="Give 'kind: choice' and two levels or more, or neither.",
                id=item["id"],
            )
        condition = item["applies_if"]
        if condition is not None:
            if condition["control"] not in earlier:
                raise place.find("applies_if.control").error(
                    f"{condition['control']!r} is no control before this one",
                    code="unknown_condition",
                    remedy="Name a control that stands earlier in the list.",
                    id=condition["control"],
                )
            for number, word in enumerate(condition["among"]):
                if word not in earlier[condition["control"]]:
                    raise place.find(f"applies_if.among[{number}]").error(
                        f"control {condition['control']!r} is never answered with {word!r}",
                        code="unknown_answer_word",
                        remedy=f"Use {', '.join(sorted(earlier[condition['control']]))}.",
                        id=condition["control"],
                        value=word,
                        known=", ".join(sorted(earlier[condition["control"]])),
                    )
        earlier[item["id"]] = {str(status) for status in Status} | {level["id"] for level in item["levels"]}


def shipped_checklists() -> dict[str, Path]:
    """Id to file of the general check lists under templates/checklists."""
    return {path.stem: path for path in sorted(_folder.glob("*.yaml"))}


@cache
def shipped_checklist(identity: str) -> CheckList:
    """A general check list by its id."""
    paths = shipped_checklists()
    if identity not in paths:
        raise DocumentError(
            f"there is no check list {identity!r}",
            code="unknown_checklist",
            remedy=f"Use one of {', '.join(paths)}.",
            id=identity,
            known=", ".join(paths),
        )
    return read_checklist(paths[identity].read_bytes(), paths[identity].name)


def _unique(document: Node, key: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, identity in enumerate(ids):
        if identity in seen:
            raise document.find(f"{key}[{index}].id").error(
                f"{identity!r} is given twice", code="same_id", remedy="Give every entry its own id.", id=identity
            )
        seen.add(identity)


def _check_sections(document: Node, values: dict[str, Any]) -> None:
    known = [section["id"] for section in values["sections"]]
    for index, control in enumerate(values["controls"]):
        if control["section"] not in known:
            raise document.find(f"controls[{index}].section").error(
                f"there is no section {control['section']!r}",
                code="unknown_section",
                remedy=f"Use one of {', '.join(known)}, or add it under sections.",
                id=control["section"],
                known=", ".join(known),
            )
    used = {control["section"] for control in values["controls"]}
    for index, identity in enumerate(known):
        if identity not in used:
            raise document.find(f"sections[{index}]").error(
                f"section {identity!r} has no control",
                code="empty_section",
                remedy="Add its controls, or remove the section.",
                id=identity,
            )
