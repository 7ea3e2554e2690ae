"""What differs between two versions of a pack, value by value, for a reviewer to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from industry_packs.signing import SIGNATURE_FILE
from templates.documents import DocumentError, load
from templates.edits import leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is other than before; `before` or `after` is None where it was not there."""

    file: str
    place: str  # the way to the value inside the file, "" for the whole file
    before: str | None
    after: str | None

    def to_json(self) -> dict[str, str | None]:
        return {"file": self.file, "place": self.place, "before": self.before, "after": self.after}


def differences(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[Difference, ...]:
    """Every difference between two folders read by `signing.read_folder`, in the order of the files' names.

    Documents are compared by their values, so that a comment or another order is none; other files as a whole.
    """
    found: list[Difference] = []
    for name in sorted((before.keys() | after.keys()) - {SIGNATURE_FILE}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        olds, news = _values(name, old), _values(name, new)
        if olds is None or news is None:
            found.append(Difference(file=name, place="", before=_size(old), after=_size(new)))
            continue
        found += [
            Difference(file=name, place=place, before=olds.get(place), after=news.get(place))
            for place in dict.fromkeys([*news, *olds])
            if olds.get(place) != news.get(place)
        ]
    return tuple(found)


def _values(name: str, content: bytes | None) -> dict[str, str] | None:
    """The values of a document by place; None for what is no readable document."""
    if content is None:
        return {}
    if not name.endswith(".yaml"):
        return None
    try:
        return {leaf.path: leaf.written for leaf in leaves(load(content, name=name))}
    except DocumentError:
        return None


def _size(content: bytes | None) -> str | None:
    return None if content is None else f"{len(content)} bytes"
