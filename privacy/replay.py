"""The log played again: what it says must be in force, against what the tables say.

Consents, releases and links are changed by logged actions only, so their tables are projections of the log. Somebody
who edits a table directly (brings a withdrawn release back, raises the uses of a link, adds a consent) leaves a
difference that names the row. The log itself is proven by `verify`; this proves the tables by the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from privacy.audit import AuditEntry

Kind = Literal["consent", "disclosure", "link", "budget", "tenant", "provider", "member"]
Code = Literal[
    "row_unknown",  # in the table, never in the log
    "row_missing",  # in the log, not in the table
    "row_revived",  # withdrawn or revoked in the log, in force in the table
    "row_ended",  # in force in the log, withdrawn or revoked in the table
    "row_changed",  # another content than the logged one
    "row_edited",  # an account whose mark does not fit: it was written past the portal
    "row_uses",  # other uses than logged openings, or another sum than logged spendings
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The state of one consent, release, link or yearly budget, by the log or by its table."""

    kind: Kind
    id: str  # consent: the id of its newest sealed record; budget: tenant/year
    tenant: str
    in_force: bool
    digest: str = ""  # disclosure: of its payload, link: of its limits; "" where it is not compared
    uses: int = 0  # link: how often it was opened; budget: millionths of rho that were spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row where table and log disagree."""

    kind: Kind
    id: str
    tenant: str
    code: Code


@dataclass(slots=True)
class _State:
    facts: dict[tuple[Kind, str], Fact] = field(default_factory=dict)
    under: dict[str, str] = field(default_factory=dict)  # disclosure -> record of its consent

    def end(self, kind: Kind, name: str) -> None:
        found = self.facts.get((kind, name))
        if found is not None:
            self.facts[kind, name] = replace(found, in_force=False)


def replay(entries: Iterable[AuditEntry]) -> Mapping[tuple[Kind, str], Fact]:
    """Consents, releases and links as the log left them, by kind and id; refusals change nothing."""
    state = _State()
    for entry in entries:
        if entry.decision != "allowed":
            continue
        named: dict[str, list[str]] = {}
        for resource in entry.resource.split():
            kind, _, name = resource.partition("/")
            named.setdefault(kind, []).append(name)
        _apply(state, entry, named)
    return state.facts


def differences(log: Mapping[tuple[Kind, str], Fact], tables: Iterable[Fact]) -> tuple[Difference, ...]:
    """Every row where the tables say something else than the log, sorted by kind and id."""
    found = []
    rows = {(row.kind, row.id): row for row in tables}
    for key in sorted(log.keys() | rows.keys()):
        code = _code(log.get(key), rows.get(key))
        if code is not None:
            row = rows.get(key) or log[key]
            found.append(Difference(kind=row.kind, id=row.id, tenant=row.tenant, code=code))
    return tuple(found)


def _apply(state: _State, entry: AuditEntry, named: Mapping[str, list[str]]) -> None:
    match entry.action:
        case "give_consent" | "contribute":
            for name in named.get("consent", [])[-1:]:
                state.facts["consent", name] = Fact(kind="consent", id=name, tenant=entry.tenant, in_force=True)
        case "withdraw_consent":
            _withdraw(state, entry, named.get("consent", []))
        case "disclose":
            _disclose(state, entry, named)
        case "close_tenant" | "erase_workspace":
            for kind, name in list(state.facts):
                if kind not in {"link", "budget"} and state.facts[kind, name].tenant == entry.tenant:
                    state.end(kind, name)
        case "invite" | "share":
            for name in named.get("link", []):
                state.facts["link", name] = Fact(
                    kind="link", id=name, tenant=entry.tenant, in_force=True, digest=_last_digest(entry)
                )
        case "count_in_benchmark":
            for year, price in (name.split("/") for name in named.get("budget", [])):
                key = f"{entry.tenant}/{year}"
                fresh = Fact(kind="budget", id=key, tenant=entry.tenant, in_force=True)
                before = state.facts.get(("budget", key), fresh)
                state.facts["budget", key] = replace(before, uses=before.uses + int(price))
        case "revoke_link" | "revoke_share":
            for name in named.get("link", []):
                state.end("link", name)
        case "open_link":
            for name in named.get("link", []):
                found = state.facts.get(("link", name))
                if found is not None:
                    state.facts["link", name] = replace(found, uses=found.uses + 1)
        case _:
            pass


def _withdraw(state: _State, entry: AuditEntry, records: list[str]) -> None:
    """The old record gives way to the new one, which is withdrawn, and so is all that was released under it."""
    if len(records) < 2:
        return
    old, new = records[0], records[-1]
    state.facts.pop(("consent", old), None)
    state.facts["consent", new] = Fact(kind="consent", id=new, tenant=entry.tenant, in_force=False)
    for disclosure, record in state.under.items():
        if record == old:
            state.end("disclosure", disclosure)


def _disclose(state: _State, entry: AuditEntry, named: Mapping[str, list[str]]) -> None:
    """A release is new once; the same data released again names the one that is there."""
    for name in named.get("disclosure", []):
        if ("disclosure", name) in state.facts:
            continue
        state.facts["disclosure", name] = Fact(
            kind="disclosure",
            id=name,
            tenant=entry.tenant,
            in_force=True,
            digest=_last_digest(entry),
        )
        for record in named.get("consent", [])[:1]:
            state.under[name] = record


def _last_digest(entry: AuditEntry) -> str:
    return entry.digests[-1] if entry.digests else ""


def _code(logged: Fact | None, row: Fact | None) -> Code | None:
    if logged is None:
        return "row_unknown"
    if row is None:
        return "row_missing"
    if row.in_force != logged.in_force:
        return "row_revived" if row.in_force else "row_ended"
    if row.digest and logged.digest and row.digest != logged.digest:
        return "row_changed"
    return "row_uses" if row.uses != logged.uses else None
