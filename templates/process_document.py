"""The process document `mingsuan: process/1`: work that people do becomes a `simulators.process.Process`, and back.

`calendar` are the hours of everybody; a pool or a kind of work may have its own, or `always`. A step without `next`
goes on to the step that follows in the list; the last one ends the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.line import Calendar
from simulators.process import (
    Branch,
    Escalation,
    Newcomers,
    Pool,
    Process,
    Rule,
    Signature,
    Step,
    Work,
)
from templates.documents import Node, build, expect_kind, load, time_text, write
from templates.line_document import calendar_from, calendar_plain, distribution_from, distribution_plain, timezone_from

OUT = "out"


def read_process(text: str | bytes, name: str) -> Process:
    """The process that a document describes; `name` is the file's name for messages.

    Raises DocumentError with the place ("line 7: steps[0].next") for whatever is wrong, from YAML to sense.
    """
    return process_from(load(text, name=name))


def process_from(document: Node) -> Process:
    """The process of a document that is already loaded."""
    expect_kind(document, "process")
    entries = document.fields(
        needed=("mingsuan", "name", "pools", "work", "steps"), optional=("rules", "calendar", "timezone")
    )
    hours = calendar_from(entries["calendar"]) if "calendar" in entries else None
    steps = entries["steps"].items(at_least=1, at_most=200)
    names = [node.find("name").text(at_most=200) for node in steps]
    return build(
        document,
        lambda: Process(
            name=entries["name"].text(at_most=200),
            timezone=timezone_from(entries["timezone"]) if "timezone" in entries else "UTC",
            calendar=hours,
            pools=tuple(_pool(node, hours) for node in entries["pools"].items(at_least=1, at_most=200)),
            work=tuple(_work(node, hours, names) for node in entries["work"].items(at_least=1, at_most=100)),
            steps=tuple(_step(node, (*names, OUT)[index + 1]) for index, node in enumerate(steps)),
            rules=tuple(_rule(node) for node in entries["rules"].items(at_most=100)) if "rules" in entries else (),
        ),
    )


def write_process(process: Process) -> str:
    """The document of a process; what is left at its default is left out."""
    names = [step.name for step in process.steps]
    document: dict[str, object] = {"mingsuan": "process/1", "name": process.name}
    if process.timezone != "UTC":
        document["timezone"] = process.timezone
    if process.calendar is not None:
        document["calendar"] = calendar_plain(process.calendar)
    document["pools"] = [_pool_plain(pool, process.calendar) for pool in process.pools]
    document["work"] = [_work_plain(kind, process.calendar, names[0]) for kind in process.work]
    document["steps"] = [_step_plain(step, (*names, "")[index + 1]) for index, step in enumerate(process.steps)]
    if process.rules:
        document["rules"] = [_rule_plain(rule) for rule in process.rules]
    return write(document)


# --- reading --------------------------------------------------------------------------------------------------------


def _hours(entries: Mapping[str, Node], usual: Calendar | None) -> Calendar | None:
    if "calendar" not in entries:
        return usual
    return None if entries["calendar"].value == "always" else calendar_from(entries["calendar"])


def _words(node: Node) -> tuple[str, ...]:
    return tuple(item.text(at_most=200) for item in node.items(at_least=1, at_most=60))


def _pool(node: Node, usual: Calendar | None) -> Pool:
    entries = node.fields(needed=("name", "people"), optional=("skills", "calendar", "newcomers"))
    name = entries["name"].text(at_most=200)
    return build(
        node,
        lambda: Pool(
            name=name,
            people=entries["people"].integer(),
            skills=_words(entries["skills"]) if "skills" in entries else (name,),
            calendar=_hours(entries, usual),
            newcomers=_newcomers(entries["newcomers"]) if "newcomers" in entries else None,
        ),
    )


def _newcomers(node: Node) -> Newcomers:
    entries = node.fields(needed=("people", "speed", "full_after"))
    return Newcomers(
        people=entries["people"].integer(),
        speed=entries["speed"].share(),
        full_after=entries["full_after"].seconds(),
    )


def _work(node: Node, usual: Calendar | None, steps: list[str]) -> Work:
    entries = node.fields(needed=("name", "arrivals"), optional=("first", "priority", "calendar"))
    return build(
        node,
        lambda: Work(
            name=entries["name"].text(at_most=200),
            arrivals=distribution_from(entries["arrivals"]),
            first=entries["first"].text(at_most=200) if "first" in entries else steps[0],
            priority=entries["priority"].integer(low=0, high=1000) if "priority" in entries else 5,
            calendar=_hours(entries, usual),
        ),
    )


def _step(node: Node, following: str) -> Step:
    entries = node.fields(
        needed=("name",), optional=("skill", "time", "signatures", "order", "patience", "given_up", "next")
    )
    if ("signatures" in entries) == ("time" in entries):
        raise node.error(
            f"{node.path} needs either a time (with the skill it takes) or a list of signatures",
            code="time_or_signatures",
            remedy="Give 'skill' and 'time', or 'signatures'.",
            name=node.path,
        )
    signatures = entries["signatures"].items(at_least=1, at_most=50) if "signatures" in entries else [node]
    if "signatures" in entries and "skill" in entries:
        raise entries["skill"].error(
            "with signatures, the skill stands in each of them",
            code="time_or_signatures",
            remedy="Move the skill into the signatures.",
            name=node.path,
        )
    order = entries["order"].choice(("serial", "parallel")) if "order" in entries else "serial"
    return build(
        node,
        lambda: Step(
            name=entries["name"].text(at_most=200),
            signatures=tuple(_signature(item, whole=item is node) for item in signatures),
            order="parallel" if order == "parallel" else "serial",
            patience=distribution_from(entries["patience"]) if "patience" in entries else None,
            given_up=entries["given_up"].text(at_most=200) if "given_up" in entries else "",
            next=_next(entries["next"]) if "next" in entries else _branches({following: 1.0}),
        ),
    )


def _signature(node: Node, *, whole: bool) -> Signature:
    entries = node.mapping() if whole else node.fields(needed=("time",), optional=("skill",))
    return Signature(
        skill=entries["skill"].text(at_most=200) if "skill" in entries else "", time=distribution_from(entries["time"])
    )


def _next(node: Node) -> tuple[Branch, ...]:
    if not node.is_mapping:
        return _branches({node.text(at_most=200): 1.0})
    return _branches({name: share.share() for name, share in node.mapping().items()})


def _branches(shares: Mapping[str, float]) -> tuple[Branch, ...]:
    found = tuple(Branch(step="" if name == OUT else name, share=share) for name, share in shares.items())
    return () if all(not branch.step for branch in found) else found


def _rule(node: Node) -> Rule:
    entries = node.fields(
        needed=("name", "within"), optional=("step", "event", "since", "clock", "work", "target", "escalate")
    )
    event = entries["event"].choice(("started", "done")) if "event" in entries else "done"
    since = entries["since"].choice(("arrival", "queued")) if "since" in entries else "arrival"
    clock = entries["clock"].choice(("elapsed", "working")) if "clock" in entries else "elapsed"
    return build(
        node,
        lambda: Rule(
            name=entries["name"].text(at_most=200),
            within=entries["within"].seconds(),
            step=entries["step"].text(at_most=200) if "step" in entries else "",
            event="started" if event == "started" else "done",
            since="queued" if since == "queued" else "arrival",
            clock="working" if clock == "working" else "elapsed",
            work=_words(entries["work"]) if "work" in entries else (),
            target=entries["target"].share() if "target" in entries else 0.9,
            escalation=_escalation(entries["escalate"]) if "escalate" in entries else None,
        ),
    )


def _escalation(node: Node) -> Escalation:
    entries = node.fields(optional=("priority", "skill"))
    return Escalation(
        priority=entries["priority"].integer(low=0, high=1000) if "priority" in entries else None,
        skill=entries["skill"].text(at_most=200) if "skill" in entries else "",
    )


# --- writing --------------------------------------------------------------------------------------------------------


def _own_hours(calendar: Calendar | None, usual: Calendar | None) -> dict[str, object]:
    if calendar == usual:
        return {}
    return {"calendar": "always" if calendar is None else calendar_plain(calendar)}


def _pool_plain(pool: Pool, usual: Calendar | None) -> dict[str, object]:
    plain: dict[str, object] = {"name": pool.name, "people": pool.people}
    if pool.skills != (pool.name,):
        plain["skills"] = list(pool.skills)
    plain |= _own_hours(pool.calendar, usual)
    if pool.newcomers is not None:
        new = pool.newcomers
        plain["newcomers"] = {"people": new.people, "speed": new.speed, "full_after": time_text(new.full_after)}
    return plain


def _work_plain(kind: Work, usual: Calendar | None, first: str) -> dict[str, object]:
    plain: dict[str, object] = {"name": kind.name, "arrivals": distribution_plain(kind.arrivals)}
    if kind.first != first:
        plain["first"] = kind.first
    if kind.priority != 5:
        plain["priority"] = kind.priority
    return plain | _own_hours(kind.calendar, usual)


def _step_plain(step: Step, following: str) -> dict[str, object]:
    plain: dict[str, object] = {"name": step.name}
    if len(step.signatures) == 1 and step.order == "serial":
        plain |= _signature_plain(step.signatures[0])
    else:
        plain["signatures"] = [_signature_plain(signature) for signature in step.signatures]
        plain["order"] = step.order
    if step.patience is not None:
        plain["patience"] = distribution_plain(step.patience)
    if step.given_up:
        plain["given_up"] = step.given_up
    if not step.next:
        return plain | ({"next": OUT} if following else {})
    if len(step.next) == 1:
        return plain | ({} if step.next[0].step == following else {"next": step.next[0].step})
    return plain | {"next": {branch.step or OUT: branch.share for branch in step.next}}


def _signature_plain(signature: Signature) -> dict[str, object]:
    plain: dict[str, object] = {"skill": signature.skill} if signature.skill else {}
    return plain | {"time": distribution_plain(signature.time)}


def _rule_plain(rule: Rule) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": rule.name, "within": time_text(rule.within)}
    for key, usual in (("step", ""), ("event", "done"), ("since", "arrival"), ("clock", "elapsed")):
        if getattr(rule, key) != usual:
            plain[key] = getattr(rule, key)
    if rule.work:
        plain["work"] = list(rule.work)
    if rule.target != 0.9:
        plain["target"] = rule.target
    if rule.escalation is not None:
        entries = {"priority": rule.escalation.priority, "skill": rule.escalation.skill}
        plain["escalate"] = {key: value for key, value in entries.items() if value not in {None, ""}}
    return plain
