"""The catalogue of upload fields and kinds: `templates/uploads/fields.yaml` and `kinds.yaml` as objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from templates.documents import Text, load

FOLDER = Path(__file__).with_name("uploads")
TYPES = (
    "name",
    "text",
    "time",
    "date",
    "duration",
    "count",
    "number",
    "share",
    "cycle",
    "buffer",
    "truth",
    "preventive",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that an upload may hold; `words` are header words in any language, `type` how its cells are read."""

    name: str
    type: str
    purpose: Text
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of table: which fields make it."""

    name: str
    title: Text
    needed: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]
    marks: tuple[str, ...]
    never: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields of the kind, the needed ones first, each once."""
        choices = (name for group in self.one_of for name in group)
        return tuple(dict.fromkeys((*self.needed, *choices, *self.optional)))


STORED_NAME = {"scrap_share": "scrap"}
"""Fields whose typed column has another name than the field (see `simulators.records.EquipmentList`)."""


@cache
def fields() -> dict[str, Field]:
    """All fields by name, in the catalogue's order."""
    path = FOLDER / "fields.yaml"
    root = load(path.read_text(encoding="utf-8"), name=path.name).fields(needed=("mingsuan", "fields"))
    found: dict[str, Field] = {}
    for name, node in root["fields"].mapping().items():
        entry = node.fields(needed=("type", "purpose", "zh", "en"))
        words = tuple(word.text() for language in ("zh", "en") for word in entry[language].items())
        found[name] = Field(
            name=name, type=entry["type"].choice(TYPES), purpose=entry["purpose"].bilingual(), words=words
        )  # fmt: skip
    return found


@cache
def kinds() -> dict[str, Kind]:
    """All kinds by name, in the catalogue's order."""
    path = FOLDER / "kinds.yaml"
    root = load(path.read_text(encoding="utf-8"), name=path.name).fields(needed=("mingsuan", "kinds"))
    known = tuple(fields())
    found: dict[str, Kind] = {}
    for name, node in root["kinds"].mapping().items():
        entry = node.fields(needed=("title", "needed", "one_of", "optional", "marks", "words"), optional=("never",))
        found[name] = Kind(
            name=name,
            title=entry["title"].bilingual(),
            needed=tuple(item.choice(known) for item in entry["needed"].items()),
            one_of=tuple(tuple(item.choice(known) for item in group.items()) for group in entry["one_of"].items()),
            optional=tuple(item.choice(known) for item in entry["optional"].items()),
            marks=tuple(item.choice(known) for item in entry["marks"].items()),
            never=tuple(item.choice(known) for item in entry["never"].items()) if "never" in entry else (),
            words=tuple(word.text() for word in entry["words"].items()),
        )
    return found
