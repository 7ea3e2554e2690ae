"""What one small change of the line would bring, on a page; the exact long-run answer beside it, where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from portal import actions_gains, parts
from portal.text import t
from portal.workspace import Workspace

SHOWN = 6


def draw(workspace: Workspace) -> None:
    """Draw the section: the gains that were found, or the offer to look for them."""
    known = actions_gains.line_gains(workspace)
    if known is None:
        return
    gains = known["gains"]
    if gains is None:
        parts.section(t("gains.offer"), note=t("gains.offer_why"))
        if st.button(t("gains.find"), key="find-gains"):
            try:
                with st.spinner(t("line.working")):
                    actions_gains.find_gains(workspace)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()
    else:
        _found(gains)
    if known["exact"] is not None:
        exact = known["exact"]
        parts.note(t(f"gains.exact_{exact['kind']}", pace=parts.quantity(exact["throughput_per_h"], digits=4)))


def _found(gains: Sequence[Mapping[str, Any]]) -> None:
    certain = [one for one in gains if one["certain"] and one["gain_per_h"] > 0]
    if not certain:
        parts.section(t("gains.none"), note=t("gains.note", count=len(gains)))
        return
    first = certain[0]
    said = t(f"gains.{first['change']}", station=first["station"])
    parts.section(
        t("gains.best", change=said, gain=parts.signed(first["gain_per_h"], digits=2)),
        note=t("gains.note", count=len(gains)),
    )
    rows = [
        (
            t(f"gains.{one['change']}", station=one["station"]),
            parts.signed(one["gain_per_h"], digits=2),
            f"+{parts.quantity(one['low'])} … +{parts.quantity(one['high'])}",
        )
        for one in certain[:SHOWN]
    ]
    parts.table([t("gains.change"), t("gains.gain"), t("gains.interval")], rows, numbers=(1, 2))
    if rest := len(gains) - len(certain):
        st.caption(t("gains.rest", count=rest))
