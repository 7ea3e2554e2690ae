"""Shapes of documents: each is declared once, and both the reader and the JSON Schema follow from it.

WINDOW = Fields({"horizon": Time(), "seed": Maybe(Whole(low=0), 1)})
WINDOW.read(node)    {"horizon": 4838400.0, "seed": 1}, or a DocumentError with the place
WINDOW.schema()      the same as JSON Schema (draft 2020-12)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from templates.documents import LANGUAGES, TIME_UNITS, Node, expect_kind
from templates.node import NUMBER

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


class Shape(Protocol):
    """What a value of a document must look like."""

    def read(self, node: Node) -> Any:
        """The value as plain Python (seconds, fractions, dates, dicts, tuples); raises DocumentError."""

    def schema(self) -> Schema:
        """The JSON Schema of the value as it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text that is not empty; `pattern` (a regular expression for the whole text) with the words that explain it."""

    at_most: int = 4000
    pattern: str = ""
    example: str = ""

    def read(self, node: Node) -> str:
        text = node.text(at_most=self.at_most)
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise node.error(
                f"{node.path or 'the text'} must look like {self.example}, not {text!r}",
                code="text_pattern",
                remedy=f"Write it like {self.example}.",
                name=node.path or node.file,
                value=text,
                example=self.example,
            )
        return text

    def schema(self) -> Schema:
        found: Schema = {"type": "string", "minLength": 1, "maxLength": self.at_most}
        return {**found, "pattern": f"^(?:{self.pattern})$"} if self.pattern else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilingual:
    """A sentence in every language of the product."""

    at_most: int = 4000

    def read(self, node: Node) -> dict[str, str]:
        return node.bilingual(at_most=self.at_most)

    def schema(self) -> Schema:
        words = Words(at_most=self.at_most).schema()
        return {
            "type": "object",
            "properties": dict.fromkeys(LANGUAGES, words),
            "required": list(LANGUAGES),
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, node: Node) -> str:
        return node.choice(self.words)

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number without unit."""

    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf

    def read(self, node: Node) -> float:
        return node.number(low=self.low, high=self.high, above=self.above)

    def schema(self) -> Schema:
        limits = {"minimum": self.low, "maximum": self.high, "exclusiveMinimum": self.above}
        return {"type": "number", **{key: limit for key, limit in limits.items() if math.isfinite(limit)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number."""

    low: float = -math.inf
    high: float = math.inf

    def read(self, node: Node) -> int:
        return node.integer(low=self.low, high=self.high)

    def schema(self) -> Schema:
        limits = {"minimum": self.low, "maximum": self.high}
        return {"type": "integer", **{key: limit for key, limit in limits.items() if math.isfinite(limit)}}


@dataclass(frozen=True, slots=True)
class YesNo:
    """`true` or `false`."""

    def read(self, node: Node) -> bool:
        return node.boolean()

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """A time with its unit, read as seconds."""

    zero: bool = False

    def read(self, node: Node) -> float:
        return node.seconds(zero=self.zero)

    def schema(self) -> Schema:
        return {
            "type": "string",
            "pattern": rf"^\s*{NUMBER}\s*({'|'.join(TIME_UNITS)})\s*$",
            "description": "a time with its unit, such as 2.5 s, 45 min, 8 w",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A percentage or a fraction, read as a fraction."""

    low: float = 0.0
    high: float = 1.0

    def read(self, node: Node) -> float:
        return node.share(low=self.low, high=self.high)

    def schema(self) -> Schema:
        return {
            "description": "a percentage such as 1.5 %, or a fraction such as 0.015",
            "anyOf": [
                {"type": "number", "minimum": self.low, "maximum": self.high},
                {"type": "string", "pattern": rf"^\s*{NUMBER}\s*[%％]\s*$"},
            ],
        }


@dataclass(frozen=True, slots=True)
class Day:
    """A date, year first."""

    def read(self, node: Node) -> Any:
        return node.day()

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "description": "such as 2027-06-30"}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, a number, true or false, as written."""

    def read(self, node: Node) -> Any:
        return node.text() if node.is_mapping or node.is_list or node.value is None else node.value

    def schema(self) -> Schema:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class Anything:
    """Plain data that somebody else reads; `as_schema` says what an editor should expect."""

    as_schema: Callable[[], Schema] = dict

    def read(self, node: Node) -> Node:
        return node

    def schema(self) -> Schema:
        return self.as_schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """A list, read as a tuple."""

    of: Shape
    at_least: int = 0
    at_most: int = 1000

    def read(self, node: Node) -> tuple[Any, ...]:
        return tuple(self.of.read(item) for item in node.items(at_least=self.at_least, at_most=self.at_most))

    def schema(self) -> Schema:
        return {
            "type": "array",
            "items": self.of.schema(),
            "minItems": self.at_least,
            "maxItems": self.at_most,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ByName:
    """A mapping with free keys."""

    of: Shape

    def read(self, node: Node) -> dict[str, Any]:
        return {key: self.of.read(inner) for key, inner in node.mapping().items()}

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self.of.schema()}


@dataclass(frozen=True, slots=True)
class Maybe:
    """A key that may be left out; `default` takes its place."""

    shape: Shape
    default: Any = None


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping with fixed keys."""

    shapes: Mapping[str, Shape | Maybe]

    def read(self, node: Node) -> dict[str, Any]:
        needed = [key for key, shape in self.shapes.items() if not isinstance(shape, Maybe)]
        entries = node.fields(needed=needed, optional=[key for key in self.shapes if key not in needed])
        found: dict[str, Any] = {}
        for key, shape in self.shapes.items():
            if not isinstance(shape, Maybe):
                found[key] = shape.read(entries[key])
            else:
                found[key] = shape.shape.read(entries[key]) if key in entries else shape.default
        return found

    def schema(self) -> Schema:
        shapes = {key: shape.shape if isinstance(shape, Maybe) else shape for key, shape in self.shapes.items()}
        return {
            "type": "object",
            "properties": {key: shape.schema() for key, shape in shapes.items()},
            "required": [key for key, shape in self.shapes.items() if not isinstance(shape, Maybe)],
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole document: its kind, what it is for, and its fields."""

    kind: str
    about: str
    fields: Fields

    def read(self, node: Node) -> dict[str, Any]:
        """The values of a loaded document, once its head says `mingsuan: <kind>/1`."""
        expect_kind(node, self.kind)
        inner = {key: value for key, value in node.mapping().items() if key != "mingsuan"}
        body = Node(value=inner, path=node.path, line=node.line, file=node.file)
        return self.fields.read(body)

    def schema(self) -> Schema:
        inner = self.fields.schema()
        head: Schema = {"const": f"{self.kind}/1", "description": "kind and version of this document"}
        return {
            "$schema": DRAFT,
            "$id": f"urn:mingsuan:schema:{self.kind}:1",
            "title": self.about,
            **inner,
            "properties": {"mingsuan": head, **inner["properties"]},
            "required": ["mingsuan", *inner["required"]],
        }
