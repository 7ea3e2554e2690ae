"""Actions on alerts: what calls for attention, how it arrives, and whether a rule would have been right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import isnan
from typing import Any

from calculators.replay import replay
from calculators.risk import AlertRule, check_rule
from portal.actions import READERS, ActionError, action
from portal.alerting import alerts_now, view
from portal.cases import case_of
from portal.text import pick, speaking, t
from portal.weekly_figures import weekly_figures
from portal.workspace import Workspace
from templates.alert_document import shipped_alerts

FEWEST_WEEKS = 8
DIGEST_EVERY = timedelta(hours=23, minutes=30)


@action(needs=READERS, purpose="self_check")
def alerts(workspace: Workspace) -> Mapping[str, Any]:
    """Return what calls for attention now, the gravest first.

    Keys: alerts (id, title, level, when, about, owner_role, page, next_step, source, figures, week), rules (how many
    there are), unknown (how many cannot be judged yet), week (the newest whole week), digest (whether the member has
    the daily digest).
    """
    return {**alerts_now(workspace), "digest": _subscription(workspace) is not None}


@action(needs=READERS, purpose="self_check")
def subscribe_digest(workspace: Workspace, *, on: bool, origin: str = "") -> None:
    """Have one mail a day with all alerts, and at once only what is new and of level 3; or have none any more."""
    slot = workspace.member.id
    kept = workspace.latest("digest", slot=slot)
    if not on:
        if kept is not None:
            workspace.remove("digest", kept.id)
        return
    if not workspace.member.email:
        raise ActionError(
            "your account has no address", code="no_address", remedy="Sign in with an account that has one."
        )
    document = {"sent_at": "", "gravest": [], "origin": origin}
    workspace.put("digest", document, slot=slot, replace=True)


@action(needs=READERS, purpose="self_check")
def send_digest(workspace: Workspace) -> str:
    """Mail the member's digest where a day has passed, or an interruption where something new is of level 3.

    Returns what was sent: digest, interruption or "". The worker calls it every hour, as the member who asked for it.
    """
    kept = _subscription(workspace)
    if kept is None:
        return ""
    found = alerts_now(workspace)["alerts"]
    now = workspace.clock()
    gravest = sorted(one["id"] for one in found if one["level"] == 3)
    fresh = [one for one in found if one["level"] == 3 and one["id"] not in kept["gravest"]]
    due = not kept["sent_at"] or now - datetime.fromisoformat(kept["sent_at"]) >= DIGEST_EVERY
    what = "digest" if due and (found or kept["gravest"]) else "interruption" if fresh and not due else ""
    if not what and gravest == kept["gravest"]:
        return ""
    document = {**kept, "gravest": gravest, "sent_at": now.isoformat() if what == "digest" else kept["sent_at"]}
    workspace.put("digest", document, slot=workspace.member.id, replace=True)
    if what:
        _mail(workspace, what, found if what == "digest" else fresh, origin=kept["origin"])
    return what


@action(needs=READERS, purpose="self_check")
def try_rule(workspace: Workspace, *, rule: str, when: str = "", ahead: int = 1) -> Mapping[str, Any]:
    """Replay a rule of the library on the tenant's own weeks, with its own threshold or another condition.

    Keys: rule (as in `alerts`), weeks (labels), figures (the compared ones by week), raised, bad, right (numbers of
    weeks), precision, caught (share, low, high; None without any), lost (pieces by week), at_stake (pieces),
    at_stake_money (None without a margin), currency, unknown. Raises ActionError unknown_rule, not_replayable,
    too_few_weeks, and the calculation error of a condition that is none.
    """
    found = next((one for one in shipped_alerts() if one.id == rule), None)
    if found is None:
        raise ActionError(
            f"there is no rule {rule!r}", code="unknown_rule", place=rule, remedy="Choose a rule of the list."
        )
    if found.about != "history":
        raise ActionError(
            "this rule looks at what is known now, not at weeks",
            code="not_replayable",
            place=rule,
            remedy="Choose a rule on the history.",
        )
    tried: AlertRule = replace(found, when=when.strip() or found.when)
    names = check_rule(tried)
    labels, history, lost = weekly_figures(workspace)
    if len(labels) < FEWEST_WEEKS:
        raise ActionError(
            f"a rule is tested on at least {FEWEST_WEEKS} whole weeks",
            code="too_few_weeks",
            remedy="Upload a longer record.",
            weeks=len(labels),
            least=FEWEST_WEEKS,
        )
    made = replay(tried, history, lost, ahead=ahead)
    margin = _margin(workspace)
    return {
        "rule": view(tried, {}),
        "weeks": labels,
        "figures": {name: [week.get(name) for week in history] for name in sorted(names)},
        "raised": list(made.raised),
        "bad": list(made.bad),
        "right": list(made.right),
        "precision": _known(made.precision),
        "caught": _known(made.caught),
        "lost": lost,
        "at_stake": made.at_stake,
        "at_stake_money": None if margin is None else made.at_stake * margin,
        "currency": "CNY",
        "unknown": made.unknown,
    }


def _known(share: tuple[float, float, float]) -> list[float] | None:
    return None if isnan(share[0]) else list(share)


def _margin(workspace: Workspace) -> float | None:
    try:
        number = case_of(workspace, "", claims=False)["numbers"]["contribution_margin"]
    except ActionError:
        return None
    return float(number["p50"])


def _subscription(workspace: Workspace) -> Mapping[str, Any] | None:
    kept = workspace.latest("digest", slot=workspace.member.id)
    found: Mapping[str, Any] | None = None if kept is None else workspace.get("digest", kept.id)
    return found


def _mail(workspace: Workspace, what: str, found: list[Mapping[str, Any]], *, origin: str) -> None:
    """Put the mail into the outbox: titles and next steps in the member's language, no value of the tenant."""
    with speaking(workspace.member.language):
        lines = []
        for one in found:
            owner = t(f"owners.{one['owner_role']}")
            lines.append(f"[{one['level']}] {pick(one['title'])}\n    {pick(one['next_step'])} ({owner})")
        subject = t(f"mail.alerts_{what}_subject", count=len(found))
        listed = "\n".join(lines) or t("mail.alerts_none")
        text = t(f"mail.alerts_{what}_text", alerts=listed, address=f"{origin}/alerts")
    workspace.mail(to=workspace.member.email, subject=subject, text=text)
