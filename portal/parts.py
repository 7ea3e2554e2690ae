"""The vocabulary of our pages: answer on top, headline numbers that open, findings, errors, the next action.

Pages compose these; none of them knows an action. All text that reaches HTML is escaped here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from math import isnan
from typing import Any
from urllib.parse import quote, urlsplit

import streamlit as st

from portal.notices import notice_points
from portal.text import error_text, has_text, language, t
from templates import amounts

TIERS = "ABCD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One headline number: a word, a value with its range, the tier it rests on, and what opens behind it."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tier: str = ""
    why: Callable[[], None] | None = None
    key: str = ""


def answer(sentence: str, *, note: str = "") -> None:
    """The page's question answered in one sentence, on top."""
    st.html(
        f'<div class="ms-answer">{escape(sentence)}</div>'
        + (f'<div class="ms-muted">{escape(note)}</div>' if note else "")
    )


def section(title: str, *, note: str = "") -> None:
    """A heading inside a page; over a chart it is the finding, not the topic."""
    st.html(f'<h2 class="ms-h2">{escape(title)}</h2>' + (f'<p class="ms-muted">{escape(note)}</p>' if note else ""))


def tier_mark(letter: str) -> str:
    """HTML of a tier: always the letter, with a look of its own (never colour alone)."""
    if letter not in TIERS or not letter:
        return ""
    name = escape(t(f"parts.tier_{letter.lower()}"), quote=True)
    return f'<span class="ms-tier ms-tier-{letter.lower()}" title="{name}" aria-label="{name}">{letter}</span>'


def headline(numbers: Sequence[Number]) -> None:
    """At most five numbers in a row; each one opens its why panel."""
    shown = list(numbers)[:5]
    if not shown:
        return
    with st.container(key=f"ms-headline-{shown[0].key or shown[0].label}"):
        columns = st.columns(len(shown), gap="small")
    for column, number in zip(columns, shown, strict=True):
        with column, st.container(border=True, key=f"ms-card-{number.key or number.label}", height="stretch", gap=None):
            unit = f'<span class="ms-unit">{escape(number.unit)}</span>' if number.unit else ""
            st.html(
                f"{_labelled(number)}"
                f'<div class="ms-number">{escape(number.value)} {unit}{tier_mark(number.tier)}</div>'
                f'<div class="ms-muted">{escape(number.note)}</div>'
            )
            if number.why and st.button(
                t("parts.why"), key=f"why-{number.key or number.label}", type="tertiary", help=t("parts.why_help")
            ):
                number.why()


def _labelled(number: Number) -> str:
    """HTML of a number's label; what the dictionary knows of it opens on hover and on focus."""
    metric = f"metrics.{number.key}"
    if not has_text(f"{metric}.formula"):
        return f'<div class="ms-label">{escape(number.label)}</div>'
    told = t("parts.formula", formula=t(f"{metric}.formula"), means=t(f"{metric}.means"))
    title = escape(told, quote=True)
    return f'<div class="ms-label ms-known" tabindex="0" title="{title}">{escape(number.label)}</div>'


def next_action(label: str, *, key: str, why: str = "", primary: bool = True) -> bool:
    """The one thing to do next; True when it was pressed."""
    if why:
        st.html(f'<p class="ms-muted">{escape(why)}</p>')
    return bool(st.button(label, key=key, type="primary" if primary else "secondary"))


def problem(error: BaseException, *, place: str = "") -> None:
    """What happened, where, and the one thing to do; stays beside the thing that is wrong."""
    message, remedy = error_text(error)
    where = place or str(getattr(error, "place", "") or "")
    head = f"<strong>{escape(where)}</strong> · " if where and where not in message else ""
    st.html(
        f'<div class="ms-problem" role="alert">{head}{escape(message)}'
        + (f'<div class="ms-remedy">{escape(remedy)}</div>' if remedy else "")
        + "</div>"
    )
    if getattr(error, "code", "") == "step_up_needed":
        here = quote(urlsplit(st.context.url or "/").path or "/", safe="")
        st.html(f'<p><a href="/auth/again?next={here}" target="_self">{escape(t("parts.again"))}</a></p>')


def empty(title: str, why: str) -> None:
    """A page with nothing on it yet teaches: what belongs here and why."""
    st.html(f'<div class="ms-empty"><div class="ms-h2">{escape(title)}</div><p>{escape(why)}</p></div>')


def note(text: str, *, kind: str = "note") -> None:
    """A quiet remark: `kind` is note, warning or done."""
    st.html(f'<div class="ms-note ms-note-{escape(kind)}">{escape(text)}</div>')


def table(
    headers: Sequence[str], rows: Sequence[Sequence[Any]], *, numbers: Sequence[int] = (), html: Sequence[int] = ()
) -> None:
    """A plain table that a screen reader can read; `numbers` are right-aligned, `html` is trusted."""
    head = "".join(
        f'<th scope="col"{_side(i, numbers)}>{escape(h)}</th>' if h else "<td></td>" for i, h in enumerate(headers)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_side(i, numbers)}>{cell if i in html else escape(str(cell))}</td>" for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    whole = f'<table class="ms-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    st.html(f'<div class="ms-scroll" tabindex="0">{whole}</div>')  # a keyboard can scroll it, too


def _side(index: int, numbers: Sequence[int]) -> str:
    return ' class="ms-num"' if index in numbers else ""


def notice(name: str) -> None:
    """A privacy notice, folded: what it says, and the version that a consent names."""
    with st.expander(t("notice.title", id=name)):
        points = "".join(f"<dt>{escape(word)}</dt><dd>{escape(text)}</dd>" for word, text in notice_points(name))
        st.html(f'<dl class="ms-points">{points}</dl>')


def downloads(path: str, name: str, *, forms: Sequence[str] = ("pdf", "xlsx", "csv", "json")) -> None:
    """Ways to take a released result as a file, one for each form; the files carry a watermark."""
    links = "".join(
        f'<a class="ms-button" href="{escape(path)}?id={escape(name)}&amp;form={form}" target="_self">'
        f"{escape(t(f'watermark.{form}'))}</a> "
        for form in forms
    )
    st.html(f'<p class="ms-muted">{escape(t("watermark.take"))} · {escape(t("watermark.take_why"))}</p>{links}')


def findings(items: Sequence[Mapping[str, Any]]) -> None:
    """Quality findings beside their rows: severity, row, column, what is wrong, what to do."""
    if not items:
        note(t("parts.no_findings"), kind="done")
        return
    table(
        [t("parts.severity"), t("parts.row"), t("parts.column"), t("parts.what"), t("parts.remedy")],
        [
            (
                t(f"parts.severity_{item['severity']}"),
                item.get("row") or "",
                item.get("column") or "",
                finding_text(item, "message"),
                finding_text(item, "remedy"),
            )
            for item in items
        ],
        numbers=[1],
    )


def finding_text(item: Mapping[str, Any], part: str) -> str:
    """A finding's message or remedy in the reader's language; its own words where the code has no text."""
    key = f"findings.{item['code']}.{part}"
    params = {str(name): value for name, value in dict(item.get("params") or {}).items()}
    said = t(key, **params)
    return str(item.get(part, "")) if said == key or "{" in said else said


def distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels by key with no label twice: a select box tells its options apart by their words alone.

    >>> distinct({"a": "Line", "b": "Line", "c": "Press"})
    {'a': 'Line', 'b': 'Line (2)', 'c': 'Press'}
    """
    told: dict[str, str] = {}
    for key, label in labels.items():
        wanted, number = label, 1
        while wanted in told.values():
            number += 1
            wanted = f"{label} ({number})"
        told[key] = wanted
    return told


def named(labels: Mapping[str, str]) -> Callable[[str], str]:
    """How a select box shows its options: by their labels, none of them twice."""
    return distinct(labels).__getitem__


def percent(share: float | None, *, digits: int = 0) -> str:
    """A share as a percentage, or a dash; what is not quite nothing or everything does not read so."""
    return amounts.percent(share, digits=digits)


def signed(value: float, *, digits: int = 1) -> str:
    """A difference with its sign; one that rounds to nothing is 0, without a sign."""
    shown = f"{value:+.{digits}f}"
    return "0" if not shown.strip("+-0.") else shown.replace("-", "−")


def quantity(value: float | None, *, digits: int = 2) -> str:
    """A number with significant digits and separators of thousands."""
    return amounts.quantity(value, digits=digits)


def unit(text: str) -> str:
    """A unit, or an amount with its unit, in words of the reader's language: person*h as 人·小时."""
    return amounts.unit(text, language())


def money(value: float | None, currency: str = "CNY") -> str:
    """An amount in the size people speak of: 1.4 m, 120 k; 140 万 and 1.2 亿 in Chinese. Two digits carry it."""
    return amounts.money(value, currency, language())


def duration(seconds: float | None) -> str:
    """A time in the unit people use for it."""
    if seconds is None or isnan(seconds):
        return "–"
    for size, word in ((86400 * 2, "d"), (5400, "h"), (90, "min")):
        if seconds >= size:
            return f"{quantity(seconds / {'d': 86400, 'h': 3600, 'min': 60}[word])} {unit(word)}"
    return f"{quantity(seconds)} {unit('s')}"


def moment(at: datetime | None) -> str:
    """A date and time as this language writes it, in UTC."""
    if at is None:
        return "–"
    return at.strftime("%Y-%m-%d %H:%M") if language() == "zh-CN" else at.strftime("%d %b %Y %H:%M")


def day(at: datetime | None) -> str:
    """A date as this language writes it."""
    if at is None:
        return "–"
    return at.strftime("%Y-%m-%d") if language() == "zh-CN" else at.strftime("%d %b %Y")
