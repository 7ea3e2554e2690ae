"""JSON Schemas (draft 2020-12) of the documents: what `mingsuan schema KIND` prints and an editor completes by.

A schema says which keys and shapes there are; what makes sense together (a crew that exists, a break inside its shift)
is checked by the reader, which also names the place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulators.distributions import PARAMETERS, TIMES
from simulators.states import STATES
from templates.alert_document import ALERTS
from templates.calculator_document import CALCULATOR
from templates.checklist_document import CHECKLIST
from templates.documents import DocumentError, closest
from templates.module_document import MODULE
from templates.node import NUMBER
from templates.shapes import DRAFT, ByName, Choice, Day, Schema, Several, Share, Time, Whole, Words, YesNo
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
_NAMES: Schema = {"anyOf": [_WORDS, {"type": "array", "items": _WORDS, "minItems": 1}]}


def _flow() -> dict[str, Schema]:
    """What a station says of its parts' ways, its products and its restarts."""
    way = _fixed({"station": _NAMES, "share": Share().schema(), "product": _NAMES}, ("station",))
    product = _fixed(
        {
            "cycle": _DISTRIBUTION,
            "ideal_cycle": Time().schema(),
            "scrap": Share().schema(),
            "rework": Share().schema(),
        },
        (),
    )
    setup = _fixed(
        {
            "time": _DISTRIBUTION,
            "matrix": _by_name(_by_name(_DISTRIBUTION)),
            "crew": _NAMES,
            "priority": Whole().schema(),
        },
        (),
    )
    return {
        "to": {"anyOf": [_NAMES, {"type": "array", "items": way, "minItems": 1}]},
        "rework": _fixed({"to": _WORDS, "share": Share().schema(), "tries": Whole(low=1).schema()}, ("to", "share")),
        "assembly": ByName(of=Whole(low=1)).schema(),
        "batch": {
            "anyOf": [
                Whole(low=1).schema(),
                _fixed({"most": Whole(low=1).schema(), "least": Whole(low=1).schema()}, ("most", "least")),
            ]
        },
        "products": _by_name(product),
        "setup": {"anyOf": [Time().schema(), setup]},
        "startup": _fixed(
            {
                "parts": Whole(low=1).schema(),
                "after": Time(zero=True).schema(),
                "scrap": Share().schema(),
                "cycle": Share(low=0.1, high=100).schema(),
            },
            ("parts", "after"),
        ),
        "operator": _NAMES,
        "priority": Whole().schema(),
        "arrivals": {"anyOf": [{"const": "saturated"}, _DISTRIBUTION]},
        "travel": Time(zero=True).schema(),
        "fleet": _WORDS,
        "inbox": Whole(low=1).schema(),
        "energy": _fixed(dict.fromkeys(STATES, _amount("W", "kW", "MW")), ()),
    }


def _market() -> dict[str, Schema]:
    """What a line says of its products, orders, demand and vehicles."""
    lot = _fixed({"product": _WORDS, "parts": Whole(low=1).schema()}, ("product", "parts"))
    order = _fixed(
        {
            "name": _WORDS,
            "product": _WORDS,
            "parts": Whole(low=1).schema(),
            "due": Time(zero=True).schema(),
            "release": Time(zero=True).schema(),
        },
        ("parts", "due"),
    )
    fleet = _fixed(
        {
            "vehicles": Whole(low=1).schema(),
            "travel": _by_name(_by_name(Time(zero=True).schema())),
            "otherwise": Time(zero=True).schema(),
            "load": Time(zero=True).schema(),
            "unload": Time(zero=True).schema(),
            "rule": Choice(("longest_wait", "nearest")).schema(),
            "home": _WORDS,
        },
        ("vehicles",),
    )
    return {
        "products": _fixed(
            {
                "names": {"type": "array", "items": _WORDS, "minItems": 1},
                "mix": ByName(of=Share()).schema(),
                "sequence": {"type": "array", "items": lot, "minItems": 1},
            },
            (),
        ),
        "orders": {"type": "array", "items": order, "minItems": 1},
        "demand": _fixed(
            {
                "every": Time().schema(),
                "parts": {"anyOf": [Whole(low=0).schema(), ByName(of=Whole(low=0)).schema()]},
            },
            ("every", "parts"),
        ),
        "fleets": _by_name(fleet),
        "carbon": _amount("g/kWh", "kg/kWh", "t/MWh"),
    }


def _by_name(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


def _amount(*units: str) -> Schema:
    return {"type": "string", "pattern": rf"^\s*{NUMBER}\s*({'|'.join(units)})\s*$"}


def line_schema() -> Schema:
    """The schema of `mingsuan: line/1`."""
    failure = _fixed(
        {
            "name": _WORDS,
            "clock": Choice(("operating", "calendar")).schema(),
            "uptime": _DISTRIBUTION,
            "repair": _DISTRIBUTION,
            "crew": _NAMES,
            "priority": Whole().schema(),
            "planned": YesNo().schema(),
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
            **_flow(),
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
    calendar: dict[str, Schema] = {
        "shifts": {"type": "array", "items": shift, "minItems": 1},
        "first": {**Day().schema(), "description": "the Monday on which the run begins"},
        "closed": {**Several(of=Day(), at_most=4000).schema(), "description": "days on which nobody works"},
    }
    crew = _fixed({"size": Whole(low=1).schema(), **calendar}, ("size",))
    return {
        "$schema": DRAFT,
        "$id": "urn:mingsuan:schema:line:1",
        "title": "A line of stations with buffers between them",
        **_fixed(
            {
                "mingsuan": {"const": "line/1", "description": "kind and version of this document"},
                "name": _WORDS,
                "stations": {"type": "array", "items": station, "minItems": 1},
                "crews": {"type": "object", "additionalProperties": {"anyOf": [Whole(low=1).schema(), crew]}},
                "arrivals": {"anyOf": [{"const": "saturated"}, _DISTRIBUTION]},
                "timezone": {**_WORDS, "description": "such as Asia/Shanghai; UTC when left out"},
                "calendar": _fixed(calendar, ("shifts",)),
                "pallets": Whole(low=1).schema(),
                "system_capacity": Whole(low=1).schema(),
                **_market(),
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
    "alerts": ALERTS.schema,
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
