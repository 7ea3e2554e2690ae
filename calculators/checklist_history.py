"""A check list over time and beside others: what changed since last year, and which answer serves several lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from calculators.checklist import Answer, CheckList, Control, Status, skipped, status_of

RANK = {None: 0, Status.NOT_MET: 1, Status.PARTLY: 2, Status.MET: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one control: added or removed with the list's version, better, worse, answered, evidence, same."""

    control: str
    what: str
    before: Status | None
    after: Status | None


def compare(
    before: tuple[CheckList, Mapping[str, Answer]], after: tuple[CheckList, Mapping[str, Answer]]
) -> tuple[Change, ...]:
    """Every control of the later list, and those that it no longer has, in the order of the lists.

    `better` and `worse` compare statuses; `scope`: it became applicable or stopped being so; `evidence`: the same
    status on other evidence or for another reason; `answered` and `withdrawn`: it was open before, or is now.
    """
    (old_list, old), (new_list, new) = before, after
    old_controls = {control.id: control for control in old_list.controls}
    changes = []
    for control in new_list.controls:
        was = _status(old_list, old_controls[control.id], old) if control.id in old_controls else None
        now = _status(new_list, control, new)
        if control.id not in old_controls:
            what = "added"
        elif was is not now:
            what = _moved(was, now)
        else:
            what = "same" if _told(old.get(control.id)) == _told(new.get(control.id)) else "evidence"
        changes.append(Change(control=control.id, what=what, before=was, after=now))
    kept = {control.id for control in new_list.controls}
    changes += [
        Change(control=control.id, what="removed", before=_status(old_list, control, old), after=None)
        for control in old_list.controls
        if control.id not in kept
    ]
    return tuple(changes)


def _moved(was: Status | None, now: Status | None) -> str:
    if Status.NOT_APPLICABLE in {was, now}:
        return "scope"
    if was is None:
        return "answered"
    if now is None:
        return "withdrawn"
    return "better" if RANK[now] > RANK[was] else "worse"


def _status(checklist: CheckList, control: Control, answers: Mapping[str, Answer]) -> Status | None:
    if control.id in skipped(checklist, answers):
        return Status.NOT_APPLICABLE
    return status_of(control, answers.get(control.id))


def _told(answer: Answer | None) -> tuple[object, ...]:
    if answer is None:
        return ()
    return answer.reason, answer.level, answer.value, tuple(sorted(answer.evidence))


def renewed(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Last year's answers as the start of this year's: reasons and evidence stay to be looked at, no verdict does."""
    return {name: replace(answer, status=None, level="") for name, answer in answers.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An answer given in one list that may serve a control of another; a person decides."""

    to_list: str
    to_control: str
    from_list: str
    from_control: str
    shared: str  # the reference that both name
    status: Status | None
    evidence: tuple[str, ...]


def proposals(given: Iterable[tuple[CheckList, Mapping[str, Answer]]], wanted: CheckList) -> tuple[Proposal, ...]:
    """What answers to other lists offer for the open controls of `wanted`, in its order; the strictest first.

    Two controls belong together where one names the other's reference, or both name the same one. Of several answers
    the least favourable comes first, so that a proposal never looks better than the weakest evidence behind it.
    """
    found: list[Proposal] = []
    for checklist, answers in given:
        if checklist.id == wanted.id:
            continue
        for control in checklist.controls:
            answer = answers.get(control.id)
            status = status_of(control, answer)
            if answer is None or status is None or status is Status.NOT_APPLICABLE:
                continue
            for other in wanted.controls:
                shared = _names(control) & _names(other)
                if shared:
                    found.append(
                        Proposal(
                            to_list=wanted.id,
                            to_control=other.id,
                            from_list=checklist.id,
                            from_control=control.id,
                            shared=min(shared),
                            status=status,
                            evidence=answer.evidence,
                        )
                    )
    order = {control.id: place for place, control in enumerate(wanted.controls)}
    return tuple(sorted(found, key=lambda one: (order[one.to_control], RANK[one.status], one.from_list)))


def _names(control: Control) -> set[str]:
    found = {_plain(name) for name in (control.reference, *control.maps_to)}
    return {name for name in found if not name.startswith("own")}


def _plain(reference: str) -> str:
    """A reference without what lists write differently: "L3-CES1-10 (8.1.4.2)" and "MLPS CES1-10" are the same unit."""
    return _noise.sub("", reference).strip().casefold()


_noise = re.compile(r"ISO/IEC |:2022|MLPS |\bL3-|GB/T 22239-2019 |21 CFR |\bArt\. ?| \([\d.]+\)$")
