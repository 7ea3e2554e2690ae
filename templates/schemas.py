"""JSON Schemas (draft 2020-12) of the documents: what `mingsuan schema KIND` prints and an editor completes by.

A schema says which keys and shapes there are; what makes sense together (a crew that exists, a break inside its shift)
is checked by the reader, which also names the place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulators.distributions import PARAMETERS, TIMES
from templates.calculator_document import CALCULATOR
from templates.checklist_document import CHECKLIST
from templates.documents import DocumentError, closest
from templates.module_document import MODULE
from templates.shapes import DRAFT, ByName, Choice, Schema, Several, Share, Time, Whole, Words
from templates.study_document import STUDY


def distribution_schema() -> Schema:
    """A time or a distribution of times."""
    kinds: list[Schema] = []
    for kind, names in PARAMETERS.items():
        inner = _fixed({name: _parameter(name) for name in names}, names)
        value = {"anyOf": [inner, Time().schema()]} if kind == "constant" else inner
        kinds.append(_fixed({kind: value}, (kind,)))
    return {"description": "a time, or a distribution of times", "anyOf": [Time().schema(), *kinds]}


def _fixed(properties: Mapping[str, Schema], needed: tuple[str, ...]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(needed),
        "additionalProperties": False,
    }


def _parameter(name: str) -> Schema:
    if name == "values":
        return Several(of=Time(), at_least=1, at_most=20_000).schema()
    if name == "probabilities":
        return Several(of=Share(), at_least=1, at_most=20_000).schema()
    return Time().schema() if name in TIMES else {"type": "number", "exclusiveMinimum": 0}


_DISTRIBUTION: Schema = {"$ref": "#/$defs/distribution"}
_CLOCK = Words(pattern=r"\d{1,2}:\d{2}(:\d{2})?").schema()
_WORDS = Words(at_most=200).schema()


def line_schema() -> Schema:
    """The schema of `mingsuan: line/1`."""
    failure = _fixed(
        {
            "name": _WORDS,
            "clock": Choice(("operating", "calendar")).schema(),
            "uptime": _DISTRIBUTION,
            "repair": _DISTRIBUTION,
            "crew": _WORDS,
        },
        ("name", "clock", "uptime", "repair"),
    )
    station = _fixed(
        {
            "name": _WORDS,
            "servers": Whole(low=1, high=1000).schema(),
            "cycle": _DISTRIBUTION,
            "ideal_cycle": Time().schema(),
            "scrap": Share().schema(),
            "failures": {"type": "array", "items": failure},
            "buffer": {"anyOf": [Whole(low=0).schema(), {"const": "unlimited"}]},
        },
        ("name", "cycle"),
    )
    days: Schema = {
        "anyOf": [_WORDS, Several(of=Words(), at_least=1).schema()],
        "description": "mon-fri, or [sat, sun]",
    }
    pause = _fixed({"from": _CLOCK, "to": _CLOCK}, ("from", "to"))
    shift = _fixed(
        {"days": days, "from": _CLOCK, "to": _CLOCK, "breaks": {"type": "array", "items": pause}},
        ("days", "from", "to"),
    )
    return {
        "$schema": DRAFT,
        "$id": "urn:mingsuan:schema:line:1",
        "title": "A line of stations with buffers between them",
        **_fixed(
            {
                "mingsuan": {"const": "line/1", "description": "kind and version of this document"},
                "name": _WORDS,
                "stations": {"type": "array", "items": station, "minItems": 1},
                "crews": ByName(of=Whole(low=1)).schema(),
                "arrivals": {"anyOf": [{"const": "saturated"}, _DISTRIBUTION]},
                "timezone": {**_WORDS, "description": "such as Asia/Shanghai; UTC when left out"},
                "calendar": _fixed({"shifts": {"type": "array", "items": shift, "minItems": 1}}, ("shifts",)),
                "pallets": Whole(low=1).schema(),
                "system_capacity": Whole(low=1).schema(),
            },
            ("mingsuan", "name", "stations"),
        ),
        "$defs": {"distribution": distribution_schema()},
    }


def process_schema() -> Schema:
    """The schema of `mingsuan: process/1`."""
    calendar = line_schema()["properties"]["calendar"]
    own = {"anyOf": [{"const": "always"}, calendar]}
    signature = _fixed({"skill": _WORDS, "time": _DISTRIBUTION}, ("time",))
    pool = _fixed(
        {
            "name": _WORDS,
            "people": Whole(low=1, high=10_000).schema(),
            "skills": {"type": "array", "items": _WORDS, "minItems": 1},
            "calendar": own,
            "newcomers": _fixed(
                {"people": Whole(low=1).schema(), "speed": Share().schema(), "full_after": Time().schema()},
                ("people", "speed", "full_after"),
            ),
        },
        ("name", "people"),
    )
    priority = Whole(low=0, high=1000).schema()
    work = _fixed(
        {"name": _WORDS, "arrivals": _DISTRIBUTION, "first": _WORDS, "priority": priority, "calendar": own},
        ("name", "arrivals"),
    )
    step = _fixed(
        {
            "name": _WORDS,
            "skill": {**_WORDS, "description": "who does it; without it, time just passes"},
            "time": _DISTRIBUTION,
            "signatures": {"type": "array", "items": signature, "minItems": 1},
            "order": Choice(("serial", "parallel")).schema(),
            "patience": _DISTRIBUTION,
            "given_up": _WORDS,
            "next": {
                "anyOf": [_WORDS, ByName(of=Share()).schema()],
                "description": "a step, out, or {step: share, ...}; the following step when left out",
            },
        },
        ("name",),
    )
    rule = _fixed(
        {
            "name": _WORDS,
            "within": Time().schema(),
            "step": _WORDS,
            "event": Choice(("started", "done")).schema(),
            "since": Choice(("arrival", "queued")).schema(),
            "clock": Choice(("elapsed", "working")).schema(),
            "work": {"type": "array", "items": _WORDS, "minItems": 1},
            "target": Share().schema(),
            "escalate": _fixed({"priority": priority, "skill": _WORDS}, ()),
        },
        ("name", "within"),
    )
    return {
        "$schema": DRAFT,
        "$id": "urn:mingsuan:schema:process:1",
        "title": "Work that people do: arrivals, steps, skills, hours and service levels",
        **_fixed(
            {
                "mingsuan": {"const": "process/1", "description": "kind and version of this document"},
                "name": _WORDS,
                "timezone": {**_WORDS, "description": "such as Asia/Shanghai; UTC when left out"},
                "calendar": calendar,
                "pools": {"type": "array", "items": pool, "minItems": 1},
                "work": {"type": "array", "items": work, "minItems": 1},
                "steps": {"type": "array", "items": step, "minItems": 1},
                "rules": {"type": "array", "items": rule},
            },
            ("mingsuan", "name", "pools", "work", "steps"),
        ),
        "$defs": {"distribution": distribution_schema()},
    }


def study_schema() -> Schema:
    """The schema of `mingsuan: study/1`; a line or module inside it has the schema of its own kind."""
    found = STUDY.schema()
    properties = found["properties"]
    line = {key: value for key, value in line_schema().items() if key not in {"$schema", "$id", "$defs"}}
    module = {key: value for key, value in MODULE.schema().items() if key not in {"$schema", "$id"}}
    name = {"type": "string", "minLength": 1, "description": "a file beside this document"}
    properties["line"] = {"anyOf": [name, line]}
    properties["modules"]["items"] = {"anyOf": [name, module]}
    return {**found, "$defs": {"distribution": distribution_schema()}}


SCHEMAS: Mapping[str, Callable[[], Schema]] = {
    "line": line_schema,
    "process": process_schema,
    "module": MODULE.schema,
    "calculator": CALCULATOR.schema,
    "checklist": CHECKLIST.schema,
    "study": study_schema,
}


def kinds() -> tuple[str, ...]:
    """The kinds of document that have a schema here."""
    return tuple(SCHEMAS)


def schema(kind: str) -> Schema:
    """The JSON Schema of a kind of document, such as "line"."""
    if kind not in SCHEMAS:
        guess = closest(kind, kinds())
        raise DocumentError(
            f"there is no document of kind {kind!r}",
            code="unknown_kind",
            remedy=f"Did you mean {guess!r}?" if guess else f"Known kinds: {', '.join(kinds())}.",
            kind=kind,
            known=", ".join(kinds()),
        )
    return SCHEMAS[kind]()
