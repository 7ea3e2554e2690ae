"""Actions on money: the tenant's inputs, his own guess, and the appraisal of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.actions import EDITORS, READERS, action
from portal.workspace import Workspace


@action(needs=EDITORS, purpose="appraisal")
def set_inputs(workspace: Workspace, values: Mapping[str, Any]) -> None:
    """Keep values of the ROI calculator's inputs, typed by the tenant (tier B).

    `values`: input name -> text with unit ("12 min"), a number in the declared unit, or
    {"low", "likely", "high", "reason", "source"}. Raises the calculation error that names input and unit.
    """
    raise RuntimeError("being written")


@action(needs=READERS, purpose="appraisal")
def inputs(workspace: Workspace) -> Mapping[str, Any]:
    """Return every input of the ROI calculator: value in force, unit, tier, source, age, default, why it is asked."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="appraisal")
def record_guess(workspace: Workspace, *, npv: float, currency: str = "CNY") -> None:
    """Keep the member's own estimate before the figure is shown; one for each member, the first counts."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="appraisal")
def appraise(workspace: Workspace, *, scenario: str = "", claims: bool = True) -> Mapping[str, Any]:
    """Return the case of a scenario: NPV, IRR, payback as P10/P50/P90, P(loss), cash flows, tornado, inputs, guess.

    Computed on 20,000 draws from the newest result, kept sealed, then reread. `claims` False leaves vendor claims out.
    Raises ActionError no_result, inputs_missing.
    """
    raise RuntimeError("being written")


@action(needs=READERS, purpose="appraisal")
def why(workspace: Workspace, output: str, *, scenario: str = "", claims: bool = True) -> Mapping[str, Any]:
    """Open one number: formula, inputs with source, tier and age, what it is sensitive to, the digests it rests on."""
    raise RuntimeError("being written")
