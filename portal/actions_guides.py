"""Actions on guide cards: what a rep made of a card, and how the cards fare.

A judgement is one of three verdicts and a reason out of a list, so that no customer's name or word can get into it. It
is kept in the vendor's room, once by person, card and month, and read back as counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from industry_packs.pack import Pack
from industry_packs.usage import CardUse, card_confidence, weak_cards
from portal.actions import ARCHITECTS, REPS, ActionError, action
from portal.catalogue import packs
from portal.stored import Stored
from portal.workspace import MissingError, Workspace

KIND = "card_use"
VERDICTS = ("adopted", "partly", "rejected")
REASONS = ("", "fits", "too_long", "other_words", "not_believed", "other_doubt", "out_of_date")
LATELY = timedelta(days=31)


@action(needs=REPS, purpose="knowledge", highest_class="internal")
def judge_card(workspace: Workspace, *, pack: str, card: str, verdict: str, reason: str) -> None:
    """Keep what was made of a card with a customer: adopted, partly or rejected, the last two for a reason.

    A second judgement of the same card in a month replaces the first. Raises ActionError unknown_card,
    unknown_card_verdict, card_reason.
    """
    found = _pack(pack)
    if card not in found.guide:
        raise ActionError(
            f"the pack has no card {card!r}", code="unknown_card", place=card, remedy="Choose a card of the pack."
        )
    if verdict not in VERDICTS:
        raise ActionError(
            f"{verdict!r} is no verdict",
            code="unknown_card_verdict",
            place=card,
            remedy=f"Say one of {', '.join(VERDICTS)}.",
        )
    if reason not in REASONS or (verdict != "adopted" and reason in {"", "fits"}):
        raise ActionError(
            "a card that was not or only partly adopted needs a reason of the list",
            code="card_reason",
            place=card,
            remedy=f"Choose one of {', '.join(REASONS[2:])}.",
        )
    document = {"pack": found.id, "version": found.version, "card": card, "verdict": verdict, "reason": reason}
    workspace.put(KIND, document, slot=_slot(workspace, found, card), replace=True)


@action(needs=REPS, purpose="knowledge", highest_class="internal")
def guide_cards(workspace: Workspace, *, pack: str) -> Mapping[str, Any]:
    """Return how the cards of a pack stand, for who speaks with customers.

    Keys: cards by id (code: what to write into a note so that the card is found again; adopted, partly, rejected:
    the three counters of this version; confidence: unproven below ten uses, else proven, mixed or weak; low, high: 95 %
    interval of the share adopted; mine: verdict and reason of this month, or None), basis (version, owner, reviewer,
    review_by), limits (texts: what the pack does not cover).
    """
    found = _pack(pack)
    counts = _counts(_rows(workspace, workspace.list(KIND)))
    mine = workspace.by_slot(KIND, [_slot(workspace, found, card) for card in found.guide])
    cards = {}
    for card in found.guide:
        use = counts.get((found.id, found.version, card), CardUse())
        confidence, low, high = card_confidence(use)
        key = mine.get(_slot(workspace, found, card))
        cards[card] = {
            "code": f"{found.id}/{card}@{found.version}",
            "adopted": use.adopted,
            "partly": use.partly,
            "rejected": use.rejected,
            "confidence": confidence,
            "low": low,
            "high": high,
            "mine": None if key is None else workspace.get(KIND, key),
        }
    manifest = found.manifest
    return {
        "cards": cards,
        "basis": {
            "version": found.version,
            "owner": manifest.owner,
            "reviewer": manifest.reviewer,
            "review_by": manifest.review_by.isoformat(),
        },
        "limits": [dict(one) for one in found.limits.not_modelled],
    }


@action(needs=ARCHITECTS, purpose="knowledge", highest_class="internal")
def card_usage(workspace: Workspace) -> Mapping[str, Any]:
    """Return how guide cards fared in the last 31 days, as counts without names.

    Keys: uses (all judgements), weak (at most three to propose for retirement, the weakest first: pack, title, version,
    card, says, adopted, partly, rejected, confidence, low, high, reason: the one that was given most).
    """
    since = workspace.clock() - LATELY
    rows = _rows(workspace, [one for one in workspace.list(KIND) if one.created_at >= since])
    counts = _counts(rows)
    names = {"/".join(key): key for key in counts}
    shelf = {(one.id, one.version): one for one in packs()}
    weak = []
    for name in weak_cards({name: counts[key].refused for name, key in names.items()}):
        pack, version, card = key = names[name]
        use, kept = counts[key], shelf.get((pack, version))
        confidence, low, high = card_confidence(use)
        reasons = Counter(
            row["reason"] for row in rows if _key(row) == key and row["reason"] and row["verdict"] != "adopted"
        )
        plain = {"en": card, "zh-CN": card}
        weak.append(
            {
                "pack": pack,
                "title": {"en": pack, "zh-CN": pack} if kept is None else dict(kept.manifest.title),
                "version": version,
                "card": card,
                "says": plain if kept is None or card not in kept.guide else dict(kept.guide[card].says),
                "adopted": use.adopted,
                "partly": use.partly,
                "rejected": use.rejected,
                "confidence": confidence,
                "low": low,
                "high": high,
                "reason": reasons.most_common(1)[0][0] if reasons else "",
            }
        )
    return {"uses": len(rows), "weak": weak}


def _pack(name: str) -> Pack:
    for one in packs():
        if one.id == name:
            return one
    raise MissingError(name)


def _slot(workspace: Workspace, pack: Pack, card: str) -> str:
    return f"{workspace.member.id}/{pack.id}/{pack.version}/{card}/{workspace.clock():%Y-%m}"


def _rows(workspace: Workspace, kept: Iterable[Stored]) -> list[Mapping[str, Any]]:
    return [workspace.get(KIND, one.id) for one in kept]


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["pack"], row["version"], row["card"]


def _counts(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], CardUse]:
    said: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for row in rows:
        said[_key(row)][row["verdict"]] += 1
    return {key: CardUse(**counts) for key, counts in said.items()}
