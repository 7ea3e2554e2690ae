"""Changes to a document's text that leave everything else as it was typed: comments, order, quotes.

A form edits one value at a time. Rewriting the file from its data would change every line of it and lose the author's
comments; here only the characters of that value are exchanged, and the result is read again to see that nothing else
changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from templates.documents import load
from templates.node import DocumentError, Node

Value = str | float | bool | None

_item = re.compile(r"(.*)\[(\d+)\]")


def leaves(node: Node) -> Iterator[Node]:
    """The scalars below a node, in the order in which they stand in the text."""
    match node.value:
        case dict() as entries:
            for inner in entries.values():
                yield from leaves(inner)
        case list() as items:
            for inner in items:
                yield from leaves(inner)
        case _:
            yield node


def set_value(text: str, path: str, value: Value, *, name: str) -> str:
    """The text with another scalar at `path` ("effects[0].low").

    A text stays a text: where it would be read as a number or a word of YAML, it is quoted. Raises DocumentError:
    no_such_place, not_one_value, and those of `load`.
    """
    root = load(text, name=name)
    node = _at(root, path)
    if isinstance(node.value, dict | list):
        raise node.error(
            f"{path} holds several values", code="not_one_value", remedy="Change one of the values in it.", path=path
        )
    begin, end = node.span
    old = text[begin:end]
    kept = old[len(old.rstrip()) :] if old.startswith((">", "|")) else ""
    changed = text[:begin] + _written(value) + kept + text[end:]
    wanted = _replaced(root.plain(), path, value)
    return _checked(changed, wanted, node, name=name)


def repeat_item(text: str, path: str, *, name: str) -> str:
    """The text with the list item at `path` ("effects[0]") written a second time, right behind itself.

    Raises DocumentError: no_such_place, not_a_block_item.
    """
    root = load(text, name=name)
    node = _at(root, path)
    begin, end = _lines_of(text, node)
    block = text[begin:end]
    block = block if block.endswith("\n") else block + "\n"
    changed = text[:begin] + block + text[begin:]
    return _checked(changed, _spliced(root.plain(), path, times=2), node, name=name)


def remove_item(text: str, path: str, *, name: str) -> str:
    """The text without the list item at `path`; the last one of a list stays.

    Raises DocumentError: no_such_place, not_a_block_item.
    """
    root = load(text, name=name)
    node = _at(root, path)
    begin, end = _lines_of(text, node)
    if len(_around(root.plain(), path)[0]) == 1:
        raise node.error(
            f"{path} is the last of its list",
            code="last_item",
            remedy="Add another one first, or remove the whole list in the text.",
            path=path,
        )
    return _checked(text[:begin] + text[end:], _spliced(root.plain(), path, times=0), node, name=name)


def _at(root: Node, path: str) -> Node:
    node = root.find(path)
    if node.path != path:
        raise root.error(
            f"there is nothing at {path!r}", code="no_such_place", remedy="Open the document again.", path=path
        )
    return node


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return repr(value)
    plain = value.strip() == value and "\n" not in value and value[:1].isalnum()
    if plain and not set(value) & set("{}[],#\"'&*!|>%@`") and ": " not in value and not value.endswith(":"):
        read = load(f"x: {value}", name="value").find("x")
        if read.value == value:
            return value
    return json.dumps(value, ensure_ascii=False)


def _lines_of(text: str, node: Node) -> tuple[int, int]:
    """Where the lines of a block item ("- ...") begin and end."""
    ends = list(leaves(node))
    if not _item.fullmatch(node.path) or not ends:
        raise _no_block(node)
    first = _first_character(text, node, ends[0])
    begin = text.rfind("\n", 0, first) + 1
    if not re.fullmatch(r"\s*-\s+.*", text[begin:first], flags=re.DOTALL):
        raise _no_block(node)
    last = len(text[: max(leaf.span[1] for leaf in ends)].rstrip())
    end = text.find("\n", last)
    return begin, len(text) if end < 0 else end + 1


def _first_character(text: str, node: Node, leaf: Node) -> int:
    """The character after the dash's line began: of the item's first line, whatever stands there."""
    begin = 0
    for _ in range(node.line - 1):
        begin = text.index("\n", begin) + 1
    return max(begin + 1, min(leaf.span[0], text.find("\n", begin) if "\n" in text[begin:] else len(text)))


def _no_block(node: Node) -> DocumentError:
    return node.error(
        f"{node.path} is not an item on lines of its own",
        code="not_a_block_item",
        remedy="Change the text itself.",
        path=node.path,
    )


def _checked(changed: str, wanted: object, node: Node, *, name: str) -> str:
    """The changed text, if it says what was meant and nothing else."""
    if load(changed, name=name).plain() != wanted:
        raise _no_block(node)
    return changed


def _around(plain: Any, path: str) -> tuple[Any, Any]:
    """What holds the value at `path`, and its last step."""
    *way, last = [int(part[1:-1]) if part[0] == "[" else part for part in re.findall(r"[^.\[\]]+|\[\d+\]", path)]
    for step in way:
        plain = plain[step]
    return plain, last


def _replaced(plain: Any, path: str, value: Value) -> object:
    inner, last = _around(plain, path)
    inner[last] = value
    return plain


def _spliced(plain: Any, path: str, *, times: int) -> object:
    inner, last = _around(plain, path)
    inner[last : last + 1] = [inner[last]] * times
    return plain
