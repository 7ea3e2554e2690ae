"""A document as a list of blocks in one language: what is said, before it is a PDF, a text document or a page.

Every writer (`report_pdf`, `report_docx`, `report_html`) writes the same blocks, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from templates import amounts
from templates.decision import Text
from templates.documents import expect_kind, load
from templates.drawings import Drawing

FOLDER = Path(__file__).with_name("reports")
LANGUAGES = ("zh-CN", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A sentence or two. `kind`: lead (the answer), text, quiet (what it rests on) or warning."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One headline number: word, value, range, and the tier it rests on; `id` leads to its line in the annex."""

    id: str
    label: str
    value: str
    note: str
    tier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The headline numbers, at most five."""

    items: tuple[Number, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading inside a section; over a chart it is the finding."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A vector drawing."""

    drawing: Drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of words; columns in `right` are numbers. `ids` name the rows for links, `widths` are shares of the page;
    `tall` rows have room to write by hand."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    ids: tuple[str, ...] = ()
    widths: tuple[float, ...] = ()
    tall: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """Short sentences, one under the other."""

    items: tuple[str, ...]


Block = Paragraph | Numbers | Heading | Chart | Table | Bullets


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the annex."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole document: its pages in front (each a tuple of blocks), and the sections of its annex.

    `footer` stands on every page; `digest` is that of the decision behind it.
    """

    language: str
    kind: str
    title: str
    about: str
    sample: str
    front: tuple[tuple[Block, ...], ...]
    annex_title: str
    annex: tuple[Section, ...]
    footer: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What documents say, in one language."""

    language: str

    def __call__(self, key: str, **params: object) -> str:
        """The text of a key with its places filled in; raises `KeyError` for a key that has none."""
        text = words()[key][self.language]
        return text.format(**params) if params else text

    def said(self, key: str, otherwise: str) -> str:
        """The text of a key, or other words where it has none."""
        return words()[key][self.language] if key in words() else otherwise

    def pick(self, text: Text) -> str:
        """This language of a text that carries both."""
        return text.get(self.language) or next(iter(text.values()), "")

    def money(self, value: float | None, currency: str) -> str:
        """An amount with its currency."""
        return amounts.money(value, currency, self.language)

    def amount(self, value: float | None, unit: str, *, digits: int = 3) -> str:
        """A number with its unit."""
        shown = amounts.quantity(value, digits=digits)
        told = amounts.unit(unit, self.language)
        return shown if told == "1" or value is None else f"{shown} {told}"

    def between(self, low: str, high: str) -> str:
        """From one amount to another."""
        return self("range", low=low, high=high)


@cache
def words() -> Mapping[str, Text]:
    """What documents say, by key, in both languages."""
    path = FOLDER / "words.yaml"
    document = load(path.read_bytes(), name=path.name)
    expect_kind(document, "words")
    found = document.plain()
    assert isinstance(found, dict)  # expect_kind has refused anything else
    return {key: text for key, text in found.items() if key != "mingsuan"}


def general_limits() -> tuple[Text, ...]:
    """What the model does not know, whatever the plant; packs know more of their own industries."""
    return tuple(text for key, text in words().items() if key.startswith("limit_"))
