"""Decision speed: how long own deals take from the first sign-in to a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal import actions_speed, catalogue, charts, parts
from portal.context import ui_context
from portal.frame import draw, link, look, page_frame
from portal.text import pick, t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "speed")
    found = actions_speed.decision_speed(visit.workspace)
    whole = found["all"]
    if not whole["seen"]:
        parts.answer(t("speed.answer_none"), note=t("speed.note"))
        parts.empty(t("speed.empty"), t("speed.empty_why", left=found["left_out"]))
        link("links", label=t("desk.to_links"), icon=":material/arrow_forward:")
        return
    words = "speed.answer" if whole["median"] is not None else "speed.answer_open"
    parts.answer(
        t(words, days=_days(whole["median"]), done=whole["done"], seen=whole["seen"]),
        note=t("speed.note"),
    )
    parts.headline(
        [
            parts.Number(label=t(f"speed.{name}"), value=_days(whole[key]), unit=t("speed.days"), key=name)
            for name, key in (("median", "median"), ("p90", "p90"), ("mean", "restricted_mean"))
        ]
        + [parts.Number(label=t("speed.open"), value=f"{whole['seen'] - whole['done']}", key="open")]
    )
    parts.section(t("speed.curve", share=parts.percent(whole["curve"][-1][1])), note=t("speed.curve_note"))
    spec = charts.steps(
        [*whole["curve"], (whole["longest"], whole["curve"][-1][1])],
        across=t("speed.days"),
        up=t("speed.not_yet"),
        look=look(),
    )
    draw(spec, key="speed", height=280, alt=t("speed.curve_note"))
    _tables(found)
    if found["left_out"]:
        parts.note(t("speed.left_out", count=found["left_out"]))


def _tables(found: Mapping[str, Any]) -> None:
    titles = {pack.manifest.id: pick(pack.manifest.title) for pack in catalogue.packs()}
    parts.section(t("speed.by_pack"))
    parts.table(
        [t("speed.pack"), t("speed.accounts"), t("speed.done"), t("speed.median"), t("speed.p90")],
        [
            (titles.get(pack, pack or "–"), one["seen"], one["done"], _days(one["median"]), _days(one["p90"]))
            for pack, one in found["packs"].items()
        ],
        numbers=[1, 2, 3, 4],
    )
    parts.section(t("speed.by_stage"))
    parts.table(
        [t("speed.stage"), t("speed.accounts")],
        [(t(f"speed.stage_{stage}"), count) for stage, count in found["stages"].items()],
        numbers=[1],
    )


def _days(days: float | None) -> str:
    return parts.quantity(days) if days is not None else "–"


if __name__ == "__main__":
    show()
