"""Usage and rejections: which versions work for customers, and which defaults they do not believe."""

from __future__ import annotations

from portal import actions_releases, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.pack_use import LEAST
from portal.text import pick, t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "usage")
    found = actions_releases.pack_usage(visit.workspace)
    if found["accounts"] is None:
        parts.answer(t("studio.usage_few", least=LEAST), note=t("studio.usage_rule", least=LEAST))
        return
    parts.answer(
        t("studio.usage_answer", studies=found["plans"], accounts=found["accounts"]),
        note=t("studio.usage_rule", least=LEAST),
    )
    parts.section(t("studio.usage_by_version"))
    parts.table(
        [
            t("packs.pack"), t("packs.version"), t("studio.workspaces"), t("studio.plans"), t("studio.results"),
            t("studio.days"), t("studio.bias"),
        ],
        [
            (
                pick(row["title"]),
                row["version"],
                row["accounts"],
                row["plans"],
                row["results"],
                "–" if row["days"] is None else parts.quantity(row["days"]),
                "–" if row["bias"] is None else parts.percent(row["bias"], digits=1),
            )
            for row in found["versions"]
        ],
        numbers=[2, 3, 4, 5, 6],
    )  # fmt: skip
    parts.section(t("studio.usage_rejected"), note=t("studio.usage_rejected_why"))
    if not found["replaced"]:
        parts.note(t("studio.usage_none"), kind="done")
        return
    parts.table(
        [t("studio.default"), t("studio.replaced"), t("studio.workspaces"), ""],
        [
            (
                pick(row["title"]),
                parts.percent(row["share"]),
                row["accounts"],
                t("studio.review_it") if row["review"] else "",
            )
            for row in found["replaced"]
        ],
        numbers=[1, 2],
    )


if __name__ == "__main__":
    show()
