"""Lineage: where a number comes from, back to file and column, engine and pack, and what was set by hand on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

import streamlit as st

from portal import actions_lineage, actions_release, charts_graph, parts
from portal.actions_lineage import FIELDS, Lineage
from portal.context import ui_context
from portal.frame import draw, link, look, page_frame
from portal.text import has_text, pick, t
from privacy.lineage import Node
from privacy.release import FIELDS as RELEASE_FIELDS


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "lineage")
    top = st.container()  # the answer stands above what it was asked with
    titles = {name: pick(RELEASE_FIELDS[name].title) for name in FIELDS}
    releases = {one.id: one for one in actions_release.releases(visit.workspace)}
    left, right = st.columns(2)
    asked = st.query_params.get("field", "")
    field = left.selectbox(
        t("lineage.number"),
        list(titles),
        index=list(titles).index(asked) if asked in titles else 0,
        format_func=parts.named(titles),
        key="lineage-field",
    )
    ways = {"": t("lineage.now")}
    ways |= {key: t("lineage.released", at=parts.moment(one.released_at)) for key, one in releases.items()}
    chosen = st.query_params.get("release", "")
    release = right.selectbox(
        t("lineage.where"),
        list(ways),
        index=list(ways).index(chosen) if chosen in ways else 0,
        format_func=parts.named(ways),
        key="lineage-release",
    )
    try:
        found = actions_lineage.lineage(visit.workspace, field or "", release=release or "")
    except ValueError as error:
        if getattr(error, "code", "") != "no_result":
            parts.problem(error)
            return
        with top:
            parts.answer(t("lineage.answer_none"))
        parts.empty(t("lineage.empty"), t("lineage.empty_why"))
        link("scenarios", label=t("value.to_scenarios"), icon=":material/arrow_forward:")
        return
    with top:
        _answer(found, titles[found.field])
    _found(found, titles[found.field], release or "")


def _answer(found: Lineage, title: str) -> None:
    parts.answer(_sentence(found, title), note=_versions(found))
    if found.consent:
        parts.note(t("lineage.consent", id=found.consent, at=parts.moment(found.released_at)), kind="done")


def _sentence(found: Lineage, title: str) -> str:
    files = sorted({node.id for node in found.sources if node.kind == "file"})
    columns = sum(node.kind == "file" for node in found.sources)
    if not files:
        return t("lineage.answer_typed", number=title)
    return t("lineage.answer", number=title, columns=columns, files=len(files))


def _found(found: Lineage, title: str, release: str) -> None:
    feeds, words = _graph(found)
    if feeds:
        spec, height = charts_graph.dependencies(feeds, words, outputs=[_key(found.node)], look=look())
        with st.container(key="ms-graph"):
            draw(spec, key=f"lineage-{found.field}-{release}", height=height, alt=_sentence(found, title))
    if found.overrides:
        parts.section(t("lineage.overrides"), note=t("lineage.overrides_why"))
        parts.table(
            [t(f"lineage.{name}") for name in ("what", "by_hand", "without", "who", "reason", "when")],
            [
                (
                    pick(one.title),
                    one.value,
                    one.computed or t("lineage.nothing"),
                    one.who,
                    one.reason or "–",
                    parts.moment(one.at),
                )
                for one in found.overrides
            ],
        )
    parts.section(t("lineage.steps"), note=t("lineage.steps_why"))
    parts.table(
        [t("lineage.made"), t("lineage.by"), t("lineage.version"), t("lineage.of")],
        _steps(found),
    )
    query = urlencode({"field": found.field, "release": release})
    st.html(
        f'<a class="ms-button" href="/files/lineage?{escape(query)}" target="_self">{escape(t("lineage.take"))}</a>'
    )


def _steps(found: Lineage) -> list[tuple[str, str, str, str]]:
    """The steps, the columns of one table in one row: what, made by what, in which version, of what."""
    rows: dict[tuple[str, str, str], list[Node]] = {}
    for edge in found.edges:
        table = edge.job == "upload_dataset"
        made = f"{_thing(edge.output)} {edge.output.id[:6]}" if table else _word(edge.output)
        rows.setdefault((made, edge.job, edge.version), []).extend(edge.inputs)
    return [
        (
            made,
            t(f"actions.{job}") if has_text(f"actions.{job}") else job,
            version if version != "1" else "–",
            _together(nodes),
        )
        for (made, job, version), nodes in rows.items()
    ]


def _together(nodes: Sequence[Node]) -> str:
    """Nodes for people, the fields of one thing together."""
    fields: dict[str, dict[str, None]] = {}
    for node in nodes:
        fields.setdefault(_thing(node), {})[_field(node)] = None
    return "; ".join(f"{thing} ({t('data.comma').join(named)})" for thing, named in fields.items())


def _versions(found: Lineage) -> str:
    """Engine, formulas and packs behind the number."""
    named = sorted({edge.version for edge in found.edges if "@" in edge.version})
    return t("lineage.versions", versions=t("data.comma").join(named)) if named else ""


def _graph(found: Lineage) -> tuple[Mapping[str, Sequence[str]], Mapping[str, str]]:
    """The way back drawn by things, not by fields: which file, dataset, line, study, case and release."""
    feeds: dict[str, list[str]] = {}
    words = {_key(found.node): _thing(found.node)}
    for edge in found.edges:
        made = feeds.setdefault(_key(edge.output), [])
        words[_key(edge.output)] = _thing(edge.output)
        for node in edge.inputs:
            words[_key(node)] = _thing(node)
            if _key(node) not in made and _key(node) != _key(edge.output):
                made.append(_key(node))
    return feeds, words


def _key(node: Node) -> str:
    return f"{node.kind}/{node.id}"


def _thing(node: Node) -> str:
    kind = t(f"lineage.kind_{node.kind}") if has_text(f"lineage.kind_{node.kind}") else node.kind
    return f"{kind}: {node.id}" if node.kind in {"file", "pack", "template"} else kind


def _word(node: Node) -> str:
    """A node for people: what kind of thing, and which field of it."""
    return f"{_thing(node)} · {_field(node)}"


def _field(node: Node) -> str:
    for key in (f"fields.{node.field}", f"lineage.field_{node.field}"):
        if has_text(key):
            return t(key)
    return pick(RELEASE_FIELDS[node.field].title) if node.field in RELEASE_FIELDS else node.field


if __name__ == "__main__":
    show()
