"""YAML documents: the only YAML parser of the product, and the only writer.

A document is plain data with places. `load` gives a tree of `Node`; a reader walks it with `fields`, `items`, `text`,
`seconds` and so on, and every refusal names the file's line and the way to the value ("line 7: stations[0].buffer"),
says what is wrong and what to do. Scalars follow the core schema of YAML 1.2: `no` and `06:00` are texts, not a
boolean and not a sexagesimal number. Anchors, aliases, tags, merge keys, duplicate keys and several documents in one
file are refused, so a document can neither run code nor grow when it is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import yaml

from templates.node import LANGUAGES, NUMBER, TIME_UNITS, DocumentError, Node, Text, closest

__all__ = [
    "LANGUAGES",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_NODES",
    "TIME_UNITS",
    "DocumentError",
    "Node",
    "Text",
    "build",
    "closest",
    "expect_kind",
    "kind_of",
    "load",
    "time_text",
    "write",
]

Made = TypeVar("Made")

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 24
MAX_NODES = 100_000

_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, read by libyaml where it is there
_integer = re.compile(r"[-+]?\d{1,30}")
_number = re.compile(NUMBER)
_document_kind = re.compile(r"([a-z_]+)/(\d+)")
_constants: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


def load(text: str | bytes, *, name: str) -> Node:
    """The tree of one YAML (or JSON) document; `name` is the file's name for messages.

    Raises DocumentError: not_text, too_large, empty_document, yaml_syntax, alias, tag, duplicate_key, bad_key,
    too_deep, too_many_values, several_documents.
    """
    if len(text) > MAX_CHARACTERS:
        raise DocumentError(
            f"{name}: a document may have {MAX_CHARACTERS} characters, this one has {len(text)}",
            code="document_too_large",
            remedy="Split it into several documents; measured data belongs into an upload, not into a document.",
            file=name,
            limit=MAX_CHARACTERS,
        )
    if isinstance(text, bytes):
        try:
            text = str(text, "utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise DocumentError(
                f"{name}: the document is not UTF-8 text (byte {error.start + 1})",
                code="not_text",
                place=f"line {line}",
                remedy="Save it as UTF-8.",
                file=name,
            ) from None
    try:
        return _Builder(text.removeprefix("\ufeff"), name).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DocumentError(
            f"{name}: not readable as YAML: {error.problem or error.context}",
            code="yaml_syntax",
            place=f"line {mark.line + 1}" if mark else "",
            remedy="Check the indentation (two spaces, no tabs), the colons and the quotes near this line.",
            file=name,
            problem=error.problem or error.context or "",
        ) from None
    except yaml.YAMLError as error:
        raise DocumentError(
            f"{name}: the document holds a character that YAML does not allow",
            code="yaml_character",
            remedy="Remove control characters; save the file as plain UTF-8 text.",
            file=name,
            problem=str(error).splitlines()[0],
        ) from None


class _Builder:
    """Events of the YAML parser to nodes, with every limit checked before anything is kept."""

    def __init__(self, text: str, name: str) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=_loader)
        self.name = name
        self.count = 0

    def document(self) -> Node:
        next(self.events)  # the stream's start
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            raise DocumentError(
                f"{self.name}: the document is empty",
                code="empty_document",
                place="line 1",
                remedy="Fill it, or start from a template.",
                file=self.name,
            )
        root = self.node(next(self.events), path="", line=1, depth=0)
        next(self.events)  # the document's end
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.refusal(
                event,
                "",
                "a second document begins here",
                code="several_documents",
                remedy="Keep one document in a file; remove the line '---'.",
            )
        return root

    def node(self, event: yaml.Event, *, path: str, line: int, depth: int) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise self.refusal(
                event,
                path,
                f"the document has more than {MAX_NODES} values",
                code="too_many_values",
                remedy="Measured data belongs into an upload, not into a document.",
                limit=MAX_NODES,
            )
        if depth > MAX_DEPTH:
            raise self.refusal(
                event,
                path,
                f"the document is nested deeper than {MAX_DEPTH} levels",
                code="too_deep",
                remedy="Write it flatter.",
                limit=MAX_DEPTH,
            )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self.refusal(
                event,
                path,
                "anchors and aliases (& and *) are not allowed",
                code="alias",
                remedy="Write the value out, or put the text in quotes when it begins with & or *.",
            )
        if getattr(event, "tag", None) not in {None, "!"}:
            raise self.refusal(
                event,
                path,
                "tags (!) are not allowed",
                code="tag",
                remedy="Remove the word that begins with '!', or put the text in quotes.",
            )
        match event:
            case yaml.ScalarEvent():
                written = str(event.value)
                value = _scalar(written) if event.implicit[0] else written
                return Node(value=value, path=path, line=line, file=self.name, written=written, span=_span(event))
            case yaml.SequenceStartEvent():
                return Node(value=list(self.items(path, depth)), path=path, line=line, file=self.name)
            case _:
                return Node(value=self.entries(path, depth), path=path, line=line, file=self.name)

    def items(self, path: str, depth: int) -> Iterator[Node]:
        index = 0
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self.node(event, path=f"{path}[{index}]", line=_line(event), depth=depth + 1)
            index += 1

    def entries(self, path: str, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
                raise self.refusal(
                    event,
                    path,
                    "a key must be a plain word",
                    code="bad_key",
                    remedy="Write 'key: value'; put a text that begins with [ { & * or ! in quotes.",
                )
            key = str(event.value)
            line = _line(event)
            way = f"{path}.{key}" if path else key
            if key in found:
                raise self.refusal(
                    event,
                    way,
                    f"{key!r} is given twice, first in line {found[key].line}",
                    code="duplicate_key",
                    remedy="Keep one of the two.",
                    key=key,
                    first=found[key].line,
                )
            found[key] = self.node(next(self.events), path=way, line=line, depth=depth + 1)
        return found

    def refusal(
        self, event: yaml.Event, path: str, message: str, *, code: str, remedy: str, **params: object
    ) -> DocumentError:
        at = Node(value=None, path=path, line=_line(event), file=self.name)
        return at.error(message, code=code, remedy=remedy, **params)


def _span(event: yaml.Event) -> tuple[int, int]:
    return (event.start_mark.index, event.end_mark.index) if event.start_mark and event.end_mark else (0, 0)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(written: str) -> str | float | bool | None:
    """A plain scalar by the core schema of YAML 1.2, decimal numbers only; a number too large stays a text."""
    if written in _constants:
        return _constants[written]
    if _integer.fullmatch(written):
        return int(written)
    if _number.fullmatch(written) and math.isfinite(number := float(written)):
        return number
    return written


def build(node: Node, make: Callable[[], Made]) -> Made:
    """Make an engine's object from a node; the engine's refusal becomes a DocumentError with the line of the file.

    The engine's error (a ValueError with code, place, remedy and params) names a place inside the node; it stays the
    cause, so that a page can show the engine's own sentence.
    """
    try:
        return make()
    except DocumentError:
        raise
    except ValueError as error:
        code = getattr(error, "code", None)
        if not isinstance(code, str):
            raise
        inner = str(getattr(error, "place", ""))
        line = node.find(inner).line
        way = ".".join(part for part in (node.path, inner) if part)
        raise DocumentError(
            str(error),
            code=code,
            place=f"line {line}: {way}" if way else f"line {line}",
            remedy=str(getattr(error, "remedy", "")),
            file=node.file,
            **{key: value for key, value in getattr(error, "params", {}).items() if key != "file"},
        ) from error


class _Dumper(yaml.SafeDumper):
    """Writes what `load` reads back: no anchors, quotes wherever a text would be taken for something else."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    quoted = not isinstance(_scalar(text), str)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if quoted else None)


def _represent_number(dumper: _Dumper, number: float) -> yaml.ScalarNode:
    shown = repr(float(number))
    if "e" in shown and "." not in shown:  # YAML 1.1, which the writer's library follows, wants the point
        shown = shown.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", shown)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(float, _represent_number)


def write(plain: object) -> str:
    """The YAML text of plain data (dict, list, str, int, float, bool, None), keys in the order given.

    Mappings and lists that hold only scalars stand on one line. `load(write(x)).plain() == x`.
    """
    return str(
        yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
    )


def time_text(seconds: float) -> str:
    """A time with the unit that makes it shortest, read back to exactly the same number: 2700 -> "45 min"."""
    texts = []
    for unit, size in TIME_UNITS.items():
        number = seconds / size
        if number * size == seconds:
            shown = repr(float(number)).removesuffix(".0")
            texts.append((len(shown), -size, f"{shown} {unit}"))
    return min(texts)[2]


def kind_of(document: Node) -> str:
    """The kind a document says it is: "line" for `mingsuan: line/1`; "" when it says nothing."""
    if not isinstance(document.value, dict) or "mingsuan" not in document.value:
        return ""
    found = _document_kind.fullmatch(str(document.value["mingsuan"].value))
    return found[1] if found else ""


def expect_kind(document: Node, kind: str, *, version: int = 1) -> None:
    """Refuse a document that is not `mingsuan: kind/version`."""
    entries = document.mapping()
    wanted = f"{kind}/{version}"
    if "mingsuan" not in entries:
        raise document.error(
            "the document does not say what it is",
            code="missing_kind",
            remedy=f"Begin it with the line 'mingsuan: {wanted}'.",
            wanted=wanted,
        )
    head = entries["mingsuan"]
    found = _document_kind.fullmatch(head.text(at_most=400))
    if found is None or found[1] != kind:
        raise head.error(
            f"a {kind} document is needed here, this one says {head.written!r}",
            code="wrong_kind",
            remedy=f"Begin it with the line 'mingsuan: {wanted}', or give it where its kind is asked for.",
            wanted=wanted,
            value=head.written,
        )
    if int(found[2]) != version:
        raise head.error(
            f"version {found[2]} of {kind} documents is not known to this release, which reads {wanted}",
            code="unknown_version",
            remedy=f"Write the document as {wanted}, or update the product.",
            wanted=wanted,
            value=head.written,
        )
