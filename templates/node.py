"""A value of a document and where it stands; the only place where "2.5 s" becomes 2.5.

`templates.documents.load` gives a tree of these; import the names from there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz, process

LANGUAGES = ("zh-CN", "en")
TIME_UNITS: Mapping[str, float] = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

Text = Mapping[str, str]
"""The same sentence in several languages: {"zh-CN": ..., "en": ...}."""

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_integer = re.compile(r"[-+]?\d{1,30}")
_number = re.compile(NUMBER)
_quantity = re.compile(rf"({NUMBER})\s*([^\s\d].*)?")


class DocumentError(ValueError):
    """A document or file cannot be used: `place` says where, `remedy` what to do, `code` which sentence pages show."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of a document and where it stands.

    `value` is a dict of nodes, a list of nodes, or a scalar (str, int, float, bool, None); `path` is the way to it
    from the top ("" there), `line` counts from 1, `file` is the name given to `load`, `written` the scalar as typed,
    `span` where it begins and ends in the text, in characters (scalars only).
    """

    value: dict[str, Node] | list[Node] | str | float | bool | None
    path: str
    line: int
    file: str
    written: str = ""
    span: tuple[int, int] = (0, 0)

    @property
    def place(self) -> str:
        """Such as "line 7: stations[0].buffer"."""
        return f"line {self.line}: {self.path}" if self.path else f"line {self.line}"

    def error(self, message: str, *, code: str, remedy: str = "", **params: object) -> DocumentError:
        """A refusal of this value, ready to be raised."""
        return DocumentError(message, code=code, place=self.place, remedy=remedy, file=self.file, **params)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    def plain(self) -> object:
        """The value without places, as JSON would hold it."""
        match self.value:
            case dict() as mapping:
                return {key: node.plain() for key, node in mapping.items()}
            case list() as items:
                return [node.plain() for node in items]
            case scalar:
                return scalar

    def find(self, path: str) -> Node:
        """The node at `path` ("stations[0].buffer") from here, or the last one on the way that there is."""
        node = self
        for part in re.findall(r"[^.\[\]]+", path):
            inner: Node | None = None
            if isinstance(node.value, dict):
                inner = node.value.get(part)
            elif isinstance(node.value, list) and part.isdigit() and int(part) < len(node.value):
                inner = node.value[int(part)]
            if inner is None:
                break
            node = inner
        return node

    # --- mappings and lists -----------------------------------------------------------------------------------------

    def mapping(self) -> dict[str, Node]:
        """The entries of a mapping with free keys."""
        if not isinstance(self.value, dict):
            raise self.error(
                f"{self._name()} must be a mapping (key: value), not {self._kind()}",
                code="expected_mapping",
                remedy="Write one 'key: value' per line, indented by two spaces.",
                name=self.path or self.file,
            )
        return self.value

    def fields(self, *, needed: Iterable[str] = (), optional: Iterable[str] = ()) -> dict[str, Node]:
        """The entries of a mapping whose keys are fixed: all `needed` are there and nothing else but `optional`."""
        entries = self.mapping()
        required = tuple(needed)
        known = (*required, *optional)
        for key, node in entries.items():
            if key not in known:
                guess = closest(key, [name for name in known if name not in entries])
                hint = f"Did you mean {guess!r}?" if guess else f"Known here: {', '.join(known)}."
                raise node.error(
                    f"{key!r} is not known in {self._name()}",
                    code="unknown_key",
                    remedy=hint,
                    key=key,
                    guess=guess or ", ".join(known),
                    name=self.path or self.file,
                )
        for key in required:
            if key not in entries:
                raise self.error(
                    f"{self._name()} needs {key!r}",
                    code="missing_key",
                    remedy=f"Add a line '{key}: ...'.",
                    key=key,
                    name=self.path or self.file,
                )
        return entries

    def items(self, *, at_least: int = 0, at_most: int = 10_000) -> list[Node]:
        """The entries of a list."""
        if not isinstance(self.value, list):
            raise self.error(
                f"{self._name()} must be a list, not {self._kind()}",
                code="expected_list",
                remedy="Write one '- entry' per line, or [first, second].",
                name=self.path or self.file,
            )
        if not at_least <= len(self.value) <= at_most:
            raise self.error(
                f"{self._name()} must have {at_least} to {at_most} entries, not {len(self.value)}",
                code="wrong_length",
                remedy="Add the missing entries or take some out.",
                name=self.path or self.file,
                low=at_least,
                high=at_most,
                count=len(self.value),
            )
        return self.value

    # --- scalars ----------------------------------------------------------------------------------------------------

    def text(self, *, at_most: int = 4000, empty: bool = False) -> str:
        """A text; a number or true/false is taken as it was typed."""
        if isinstance(self.value, (dict, list)) or self.value is None:
            raise self.error(
                f"{self._name()} must be a text, not {self._kind()}",
                code="expected_text",
                remedy="Write the words after the colon; put them in quotes when they hold ': ' or '#'.",
                name=self.path or self.file,
            )
        text = self.value if isinstance(self.value, str) else self.written
        if (not text.strip() and not empty) or len(text) > at_most:
            raise self.error(
                f"{self._name()} must have 1 to {at_most} characters, not {len(text)}",
                code="text_length",
                remedy="Write a shorter text that is not empty.",
                name=self.path or self.file,
                high=at_most,
                count=len(text),
            )
        return text

    def choice(self, choices: Sequence[str]) -> str:
        """One of a few words."""
        text = self.text(at_most=400)
        if text not in choices:
            guess = closest(text, choices)
            raise self.error(
                f"{self._name()} must be one of {', '.join(choices)}; {text!r} is none of them",
                code="expected_choice",
                remedy=f"Did you mean {guess!r}?" if guess else "Take one of the words of the list.",
                name=self.path or self.file,
                value=text,
                choices=", ".join(choices),
            )
        return text

    def number(
        self, *, low: float = -math.inf, high: float = math.inf, above: float = -math.inf, below: float = math.inf
    ) -> float:
        """A number without unit, low <= number <= high and above < number < below."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self.error(
                f"{self._name()} must be a number, not {self._kind()}",
                code="expected_number",
                remedy="Write a number without unit and without thousands separators, such as 1.2.",
                name=self.path or self.file,
                value=self.written,
            )
        return self._within(float(self.value), low=low, high=high, above=above, below=below)

    def integer(self, *, low: float = -math.inf, high: float = math.inf) -> int:
        """A whole number, low <= number <= high."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.error(
                f"{self._name()} must be a whole number, not {self._kind()}",
                code="expected_integer",
                remedy="Write a whole number such as 20.",
                name=self.path or self.file,
                value=self.written,
            )
        self._within(self.value, low=low, high=high)
        return self.value

    def boolean(self) -> bool:
        """`true` or `false`."""
        if not isinstance(self.value, bool):
            raise self.error(
                f"{self._name()} must be true or false, not {self._kind()}",
                code="expected_yes_no",
                remedy="Write true or false.",
                name=self.path or self.file,
                value=self.written,
            )
        return self.value

    def seconds(self, *, zero: bool = False) -> float:
        """A time with its unit ("2.5 s", "45 min", "8 w"), in seconds; above 0 unless `zero` is allowed."""
        found = _quantity.fullmatch(self.value.strip()) if isinstance(self.value, str) else None
        if isinstance(self.value, (int, float)) and not isinstance(self.value, bool):
            raise self.error(
                f"{self._name()} is a time and needs a unit",
                code="time_without_unit",
                remedy=f"Write it with its unit, such as '{self.written} s' or '{self.written} min'.",
                name=self.path or self.file,
                value=self.written,
            )
        if found is None or found[2] is None:
            raise self.error(
                f"{self._name()} must be a time such as '2.5 s', not {self._kind()}",
                code="expected_time",
                remedy="Write a number and one of the units ms, s, min, h, d, w.",
                name=self.path or self.file,
                value=self.written,
            )
        unit = found[2].strip()
        if unit not in TIME_UNITS:
            guess = closest(unit, list(TIME_UNITS))
            raise self.error(
                f"{self._name()}: {unit!r} is not a unit of time",
                code="unknown_time_unit",
                remedy=f"Use ms, s, min, h, d or w{f'; did you mean {guess}?' if guess else '.'}",
                name=self.path or self.file,
                unit=unit,
            )
        seconds = float(found[1]) * TIME_UNITS[unit]
        if not math.isfinite(seconds) or seconds < 0 or (seconds == 0 and not zero):
            raise self.error(
                f"{self._name()} must be {'at least' if zero else 'above'} 0 s, not {self.written}",
                code="time_out_of_range",
                remedy="Give the time as it is measured on the shop floor.",
                name=self.path or self.file,
                value=self.written,
            )
        return seconds

    def quantity(self, units: Mapping[str, float], *, example: str) -> float:
        """A number from 0 up with one of a few units ("12 kW"), in the unit whose size is 1."""
        found = _quantity.fullmatch(self.value.strip()) if isinstance(self.value, str) else None
        unit = (found[2] or "").strip() if found is not None else ""
        if found is None or unit not in units:
            raise self.error(
                f"{self._name()} must look like '{example}', not {self._kind()}",
                code="expected_quantity",
                remedy=f"Write a number and one of the units {', '.join(units)}.",
                name=self.path or self.file,
                value=self.written,
                example=example,
                units=", ".join(units),
            )
        return self._within(float(found[1]) * units[unit], low=0.0, high=1e12)

    def share(self, *, low: float = 0.0, high: float = 1.0, below: float = math.inf) -> float:
        """A share: "1.5 %" or the fraction 0.015; returned as a fraction, low <= share <= high."""
        if isinstance(self.value, str):
            found = _quantity.fullmatch(self.value.strip())
            if found is None or (found[2] or "").strip() not in {"%", "％"}:
                raise self.error(
                    f"{self._name()} must be a percentage such as '1.5 %' or a fraction such as 0.015",
                    code="expected_share",
                    remedy="Write '1.5 %' or 0.015.",
                    name=self.path or self.file,
                    value=self.written,
                )
            return self._within(float(found[1]) / 100, low=low, high=high, below=below)
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self.error(
                f"{self._name()} must be a percentage such as '1.5 %' or a fraction such as 0.015",
                code="expected_share",
                remedy="Write '1.5 %' or 0.015.",
                name=self.path or self.file,
                value=self.written,
            )
        return self._within(float(self.value), low=low, high=high, below=below)

    def day(self) -> date:
        """A date, year first: 2027-06-30."""
        try:
            return date.fromisoformat(self.text(at_most=400))
        except ValueError:
            raise self.error(
                f"{self._name()} must be a date, not {self.written!r}",
                code="expected_date",
                remedy="Write year-month-day, such as 2027-06-30.",
                name=self.path or self.file,
                value=self.written,
            ) from None

    def bilingual(self, *, at_most: int = 4000) -> dict[str, str]:
        """A sentence in every language of the product: {zh-CN: ..., en: ...}."""
        entries = self.fields(needed=LANGUAGES)
        return {language: entries[language].text(at_most=at_most) for language in LANGUAGES}

    # --- words for messages -----------------------------------------------------------------------------------------

    def _within(
        self, number: float, *, low: float, high: float, above: float = -math.inf, below: float = math.inf
    ) -> float:
        if low <= number <= high and above < number < below:
            return number
        limits = [
            f"{word} {limit:g}"
            for word, limit in (("at least", low), ("above", above), ("at most", high), ("below", below))
            if math.isfinite(limit)
        ]
        raise self.error(
            f"{self._name()} must be {' and '.join(limits)}, not {self.written or number}",
            code="out_of_range",
            remedy=f"Give a value that is {' and '.join(limits)}.",
            name=self.path or self.file,
            value=self.written or number,
            low=f"{max(low, above):g}",
            high=f"{min(high, below):g}",
        )

    def _name(self) -> str:
        return repr(self.path) if self.path else "the document"

    def _kind(self) -> str:
        match self.value:
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case None:
                return "empty"
            case _:
                return repr(self.written)


def closest(word: str, known: Sequence[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None."""
    found = process.extractOne(word, known, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=60)
    return None if found is None else str(found[0])
