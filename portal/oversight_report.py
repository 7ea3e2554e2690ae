"""The officer's reports on paper: the same document as the JSON, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.text import has_text, language, pick, t
from templates.report import Block, Heading, Paragraph, Report, Table
from templates.report_pdf import write_pdf


def written(kind: str, document: Mapping[str, Any], *, digest: str) -> bytes:
    """Return a report as a tagged PDF. `kind`: oversight, processing, impact, breach."""
    blocks = {"oversight": _oversight, "processing": _processing, "impact": _impact, "breach": _breach}[kind](document)
    made = str(document.get("to") or document.get("as_of") or document.get("made_at") or document.get("opened_at"))
    report = Report(
        language=language(),
        kind=t("reports.officer"),
        title=t(f"reports.kind_{kind}"),
        about=t("reports.made", at=_moment(made), digest=digest[:16]),
        sample="",
        front=(tuple(blocks),),
        annex_title="",
        annex=(),
        footer=t("watermark.footer"),
        digest=digest,
    )
    return write_pdf(report)


def sentence_of(one: Mapping[str, Any]) -> str:
    """Say what is unusual about an entry of the list, with the figures that its rule looked at."""
    return t(f"reports.rule_{one['rule']}", **{name: _number(value) for name, value in one.items()})


def _oversight(document: Mapping[str, Any]) -> Iterable[Block]:
    proof = document["proof"]
    open_ones = [one for one in document["findings"] if one["closed_at"] is None]
    yield Paragraph(text=t("reports.lead", findings=len(open_ones), breaches=document["breaches_open"]), kind="lead")
    state = t("reports.proof_none") if proof is None else t(f"reports.proof_{'good' if proof['passed'] else 'bad'}")
    yield Paragraph(text=state, kind="text" if proof is not None and proof["passed"] else "warning")
    rows = [(t(f"reports.{name}"), f"{document[name]:,}") for name in ("entries", "people", "released", "in_force")]
    rows += [(t("reports.refused"), f"{sum(document['refused'].values()):,}")]
    rows += [(t("reports.recalls_open"), f"{document['recalls_open']:,}")]
    yield _table(("reports.figure", "reports.count"), rows, right=(1,))
    yield Heading(text=t("reports.findings"))
    yield _table(
        ("reports.severity", "reports.title", "reports.opened", "reports.state"),
        [
            (
                t(f"reports.severity_{one['severity']}"),
                one["title"],
                _moment(one["opened_at"]),
                one["outcome"] or t("reports.open"),
            )
            for one in document["findings"]
        ],
    )
    yield Heading(text=t("reports.unusual"))
    yield _table(("log.actor", "reports.what"), [(one["actor"], sentence_of(one)) for one in document["unusual"]])
    yield Heading(text=t("reports.access"))
    yield _table(
        ("reports.name", "log.role", "reports.count", "reports.state"),
        [
            (one["name"], t(f"shell.roles.{one['role']}"), f"{one['actions']:,}", t(f"reports.access_{one['state']}"))
            for one in document["access"]
        ],
        right=(2,),
    )


def _processing(document: Mapping[str, Any]) -> Iterable[Block]:
    place = document["location"]
    yield Paragraph(text=document["controller"] or "–", kind="lead")
    if place is None:
        yield Paragraph(text=t("reports.no_location"), kind="warning")
    else:
        names = ("country", "place", "contact", "others", "transfers")
        rows = [(t(f"reports.{name}"), place[name] or t("reports.none_stated")) for name in names]
        yield _table(("reports.figure", "reports.what"), rows)
    yield Heading(text=t("reports.purposes"))
    yield _table(
        ("log.purpose", "reports.basis", "inventory.class", "inventory.who"),
        [
            (
                _word(f"log.purpose_{one['purpose']}", one["purpose"]),
                t(f"reports.basis_{one['basis']}"),
                t("data.comma").join(t(f"inventory.class_{name}") for name in one["classes"]),
                t("inventory.everybody")
                if len(one["roles"]) >= 11
                else t("data.comma").join(t(f"shell.roles.{role}") for role in one["roles"]),
            )
            for one in document["purposes"]
        ],
    )
    yield Heading(text=t("reports.data"))
    yield _table(
        ("inventory.field", "inventory.why"),
        [(_word(f"fields.{one['field']}", one["field"]), pick(one["why"])) for one in document["data"]],
    )
    yield Heading(text=t("reports.retention"))
    yield _table(
        ("reports.figure", "reports.what"),
        [
            (
                t(f"reports.kept_{one['what']}"),
                t("reports.until_erased") if one["days"] is None else t("reports.days", days=one["days"]),
            )
            for one in document["retention"]
        ],
    )
    yield Heading(text=t("reports.measures"))
    yield _table(("reports.figure",), [(t(f"reports.measure_{name}"),) for name in document["measures"]])


def _impact(document: Mapping[str, Any]) -> Iterable[Block]:
    yield Paragraph(text=document["subject"], kind="lead")
    for name in ("necessity", "risks", "measures", "opinion"):
        yield Heading(text=t(f"reports.part_{name}"))
        yield Paragraph(text=document[name])
    kept = t("reports.kept_until", by=document["made_by"], until=_moment(document["keep_until"])[:10])
    yield Paragraph(text=kept, kind="quiet")
    yield from _processing(document["record"])


def _breach(document: Mapping[str, Any]) -> Iterable[Block]:
    yield Paragraph(text=document["title"], kind="lead")
    told = document["authority_told_at"]
    rows = [
        (t("reports.known_at"), _moment(document["known_at"])),
        (t("reports.due"), _moment(document["due"])),
        (t("reports.told_at"), _moment(told) if told else t("reports.not_told")),
        (t("reports.tenants_told"), str(len(document["tenants"]))),
        (t("reports.closed"), _moment(document["closed_at"]) if document["closed_at"] else t("reports.open")),
    ]
    yield _table(("reports.figure", "reports.what"), rows)
    for name in ("about", "measures", "outcome"):
        if document[name]:
            yield Heading(text=t(f"reports.breach_{name}"))
            yield Paragraph(text=document[name])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, right: tuple[int, ...] = ()) -> Block:
    if not rows:
        return Paragraph(text=t("reports.none"), kind="quiet")
    return Table(headers=tuple(t(name) for name in head), rows=tuple(rows), right=frozenset(right))


def _word(key: str, otherwise: str) -> str:
    return t(key) if has_text(key) else otherwise


def _moment(text: str) -> str:
    return text[:16].replace("T", " ")


def _number(value: Any) -> Any:
    return f"{value:,.0f}" if isinstance(value, int | float) else value
