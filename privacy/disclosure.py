"""The one thing that leaves a tenant: a payload of bands under one consent.

The schema is fixed (`privacy.release`): a field is a band of a public grid, a choice from a list or the id of something
published. No free text, no names, no files, no exact values; what has no field cannot be sent. A disclosure is
minimised and consented. It is not anonymous and is never called so. It is *sticky*: the same data under the same policy
gives the same payload from the store, and a new one is made at most once a day.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from privacy.bands import GRID_VERSION, Text, grids
from privacy.consent import Consent, covers
from privacy.release import ABSENT, FIELDS, NOT_SENT, SCHEMA_VERSION, UNPUBLISHED
from privacy.vault import PrivacyError, canonical

REFRESH: Final = timedelta(days=1)
_MOST_IDS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """What a case has to say, exact, inside the tenant; None where it was not computed."""

    oee_baseline: float | None = None  # fraction
    oee_scenario: float | None = None  # fraction, month 36; only its difference to the baseline is banded and sent
    npv_p10: float | None = None  # in `currency`
    npv_p50: float | None = None
    npv_p90: float | None = None
    payback_months: float | None = None  # P50; infinity where it never pays back
    irr: float | None = None  # fraction a year
    loss_probability: float | None = None  # P(NPV < 0)
    currency: str | None = None  # CNY, EUR, USD
    backtest_grade: str | None = None  # A, B, C, D
    main_loss: str | None = None  # breakdown, changeover, minor_stop, speed, scrap, waiting, planned
    modules: tuple[str, ...] = ()  # ids of catalogue modules, "pack/module"
    pack: str | None = None  # pack id
    stations: int | None = None
    weeks_of_data: float | None = None
    forecast_inside: float | None = None  # share of actual figures inside P10 to P90 of locked forecasts
    forecast_bias: str | None = None  # below, centred, above: where actual figures lie in the band


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsFigures:
    """What a check list has to say, exact, inside the tenant."""

    checklist: str | None = None  # id of a published check list
    gap_share: float | None = None  # not or partly met, of what was assessed
    not_assessed_share: float | None = None
    highest_risk: int | None = None  # 0..3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePolicy:
    """What may be sent: a subset of the schema, and the published ids that may be named."""

    id: str
    version: str
    fields: tuple[str, ...]
    packs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    checklists: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        strange = [name for name in self.fields if name not in FIELDS]
        if strange:
            raise PrivacyError(
                f"the release schema has no field {strange[0]!r}",
                code="release_field_unknown",
                place=f"policy {self.id}",
                remedy="A policy may only leave fields out; a new field needs a new version of the schema.",
                field=strange[0],
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One field as it is sent: its codes, and the words shown for them."""

    field: str
    codes: tuple[str, ...]  # band code, or chosen ids; ("not_available",) where there is no figure
    title: Text
    value: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Exactly what leaves, and what does not."""

    schema: str
    grid: str
    policy: str  # id@version
    fields: tuple[Item, ...]
    not_sent: tuple[Text, ...]

    def to_json(self) -> dict[str, object]:
        """What is sent: schema, grid, policy and codes by field. Words are added where it is read."""
        return {
            "schema": self.schema,
            "grid": self.grid,
            "policy": self.policy,
            "fields": {item.field: list(item.codes) for item in self.fields},
        }

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the RFC 8785 JSON: what a consent approves."""
        return _digest(self.to_json())


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """A payload under a consent, as it stands in the sales feed."""

    id: str
    tenant: str
    consent: str
    recipient: str
    purpose: str
    made_at: datetime
    until: datetime
    sticky: str  # same data, policy, purpose, recipient: same key; look here before making a new one
    payload: Mapping[str, object]  # Payload.to_json()
    payload_digest: str

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "tenant": self.tenant,
            "consent": self.consent,
            "recipient": self.recipient,
            "purpose": self.purpose,
            "made_at": self.made_at.astimezone(UTC).isoformat(),
            "until": self.until.astimezone(UTC).isoformat(),
            "sticky": self.sticky,
            "payload": dict(self.payload),
            "payload_digest": self.payload_digest,
        }

    @classmethod
    def from_json(cls, data: object) -> Disclosure:
        """Read back; `PrivacyError` (disclosure_unreadable, payload_foreign) for anything that is not one."""
        try:
            held = cast("dict[str, Any]", data)
            made = cls(
                **{
                    **held,
                    "made_at": datetime.fromisoformat(held["made_at"]),
                    "until": datetime.fromisoformat(held["until"]),
                    "payload": release_filter(held["payload"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, PrivacyError):
                raise
            raise _unreadable() from error
        if _digest(made.payload) != made.payload_digest:
            raise _unreadable()
        return made


def standard_policy(
    *, packs: tuple[str, ...] = (), modules: tuple[str, ...] = (), checklists: tuple[str, ...] = ()
) -> ReleasePolicy:
    """The policy that allows every field of the schema; its version changes with the published ids."""
    published = canonical({"packs": sorted(packs), "modules": sorted(modules), "checklists": sorted(checklists)})
    return ReleasePolicy(
        id="standard",
        version=f"1.{hashlib.sha256(published).hexdigest()[:8]}",
        fields=tuple(FIELDS),
        packs=packs,
        modules=modules,
        checklists=checklists,
    )


def preview(case: CaseFigures, findings: FindingsFigures, policy: ReleasePolicy) -> Payload:
    """The exact payload, for the tenant's eyes before any consent; the same function makes the real one."""
    codes = {**_banded(case, findings), **_chosen(case, findings, policy)}
    return Payload(
        schema=SCHEMA_VERSION,
        grid=GRID_VERSION,
        policy=f"{policy.id}@{policy.version}",
        fields=tuple(_item(name, codes[name]) for name in FIELDS if name in policy.fields),
        not_sent=NOT_SENT,
    )


def disclose(
    case: CaseFigures,
    findings: FindingsFigures,
    consent: Consent,
    policy: ReleasePolicy,
    *,
    purpose: str,
    disclosure_id: str,
    data_digest: str,
    at: datetime,
) -> Disclosure:
    """Make the disclosure that a consent covers.

    Refused (`PrivacyError`): consent_missing where the consent does not cover purpose and moment, payload_changed where
    the payload is no longer the one approved, field_not_consented where it has a field that the consent does not name.
    `data_digest` names the case it was made from.
    """
    if not covers(consent, purpose=purpose, recipient=consent.recipient, at=at):
        raise PrivacyError(
            "no consent in force covers this release",
            code="consent_missing",
            place=consent.id,
            remedy="Ask the tenant's owner for consent to this purpose; a withdrawn consent does not come back.",
            purpose=purpose,
        )
    payload = preview(case, findings, policy)
    beyond = [item.field for item in payload.fields if item.field not in consent.fields]
    if beyond:
        raise PrivacyError(
            f"the consent does not cover the field {beyond[0]!r}",
            code="field_not_consented",
            place=consent.id,
            remedy="Leave the field out by a narrower policy, or ask for a new consent.",
            field=beyond[0],
        )
    if not hmac.compare_digest(payload.digest, consent.payload_digest):
        raise PrivacyError(
            "the payload is not the one that was approved",
            code="payload_changed",
            place=consent.id,
            remedy="Show the new payload and ask for approval again.",
        )
    return Disclosure(
        id=disclosure_id,
        tenant=consent.tenant,
        consent=consent.id,
        recipient=consent.recipient,
        purpose=purpose,
        made_at=at,
        until=consent.until,
        sticky=sticky_key(data_digest=data_digest, policy=policy, purpose=purpose, recipient=consent.recipient),
        payload=payload.to_json(),
        payload_digest=payload.digest,
    )


def may_refresh(last: datetime | None, *, at: datetime) -> bool:
    """May a new payload be made, a day after the last?"""
    return last is None or at >= last + REFRESH


def sticky_key(*, data_digest: str, policy: ReleasePolicy, purpose: str, recipient: str) -> str:
    """The key under which a disclosure is stored and replayed: same data, policy, purpose and recipient, same key."""
    return _digest(
        {
            "data": data_digest,
            "policy": f"{policy.id}@{policy.version}",
            "purpose": purpose,
            "recipient": recipient,
            "schema": SCHEMA_VERSION,
            "grid": GRID_VERSION,
        }
    )


def release_filter(payload: Mapping[str, object]) -> dict[str, object]:
    """The payload again if every field and code is in the schema; the last gate before anything is shown or sent.

    `PrivacyError` (payload_foreign) for an unknown field, code or type.
    """
    head = {"schema": SCHEMA_VERSION, "grid": GRID_VERSION}
    if not isinstance(payload, Mapping) or payload.keys() != {*head, "policy", "fields"}:
        raise _foreign("")
    policy, fields = payload["policy"], payload["fields"]
    if any(payload[name] != version for name, version in head.items()) or not isinstance(fields, Mapping):
        raise _foreign("")
    if not isinstance(policy, str) or len(policy) > 100 or not policy.isascii() or not policy.isprintable():
        raise _foreign("policy")
    for name, codes in fields.items():
        field = FIELDS.get(name) if isinstance(name, str) else None
        if field is None or not isinstance(codes, list | tuple) or not 0 < len(codes) <= _MOST_IDS:
            raise _foreign(str(name))
        if len(codes) > 1 and field.kind != "ids":
            raise _foreign(field.id)
        if not all(isinstance(code, str) and field.knows(code) for code in codes):
            raise _foreign(field.id)
    return {**head, "policy": policy, "fields": {name: list(codes) for name, codes in fields.items()}}


def words(payload: Mapping[str, object]) -> tuple[Item, ...]:
    """The items of a received payload with titles and words, for the feed's page; checks it as `release_filter`."""
    fields = cast("dict[str, list[str]]", release_filter(payload)["fields"])
    return tuple(_item(name, tuple(fields[name])) for name in FIELDS if name in fields)


def lead_handle(key: bytes, *, tenant: str, purpose: str) -> str:
    """A tenant's pseudonym towards the sales side, such as `lead-K7QX2MPA`; another one for each purpose."""
    made = hmac.new(key, canonical(["mingsuan/lead/1", tenant, purpose]), hashlib.sha256).digest()
    return "lead-" + base64.b32encode(made[:5]).decode()


def _banded(case: CaseFigures, findings: FindingsFigures) -> dict[str, tuple[str, ...]]:
    uplift = None
    if case.oee_baseline is not None and case.oee_scenario is not None:
        # rounded so that 0.75 - 0.70 lies on the edge that it names, not a hair below
        uplift = round(case.oee_scenario - case.oee_baseline, 9)
    figures = {
        "oee_baseline": case.oee_baseline,
        "oee_uplift": uplift,
        "npv_low": case.npv_p10,
        "npv_likely": case.npv_p50,
        "npv_high": case.npv_p90,
        "payback": case.payback_months,
        "irr": case.irr,
        "loss_probability": case.loss_probability,
        "stations": case.stations,
        "weeks_of_data": case.weeks_of_data,
        "forecast_inside": case.forecast_inside,
        "gap_share": findings.gap_share,
        "not_assessed_share": findings.not_assessed_share,
    }
    return {
        name: (ABSENT if value is None else grids()[FIELDS[name].grid].band(value).code,)
        for name, value in figures.items()
    }


def _chosen(case: CaseFigures, findings: FindingsFigures, policy: ReleasePolicy) -> dict[str, tuple[str, ...]]:
    single = {
        "currency": case.currency,
        "backtest_grade": case.backtest_grade,
        "main_loss": case.main_loss,
        "forecast_bias": case.forecast_bias,
        "highest_risk": None if findings.highest_risk is None else str(findings.highest_risk),
    }
    chosen = {
        name: (ABSENT if code is None or not FIELDS[name].knows(code) else code,) for name, code in single.items()
    }
    return {
        **chosen,
        "pack": _published((case.pack,), policy.packs),
        "modules": _published(case.modules, policy.modules),
        "checklist": _published((findings.checklist,), policy.checklists),
    }


def _published(ids: tuple[str | None, ...], listed: tuple[str, ...]) -> tuple[str, ...]:
    """The ids that are on a published list, sorted; one word for all the others."""
    named = {name for name in ids if name is not None}
    codes = sorted(name if name in listed else UNPUBLISHED for name in named)
    return tuple(dict.fromkeys(codes))[:_MOST_IDS] or (ABSENT,)


def _item(name: str, codes: tuple[str, ...]) -> Item:
    field = FIELDS[name]
    said = [field.words(code) for code in codes]
    value = {"zh-CN": "、".join(text["zh-CN"] for text in said), "en": ", ".join(text["en"] for text in said)}
    return Item(field=name, codes=codes, title=field.title, value=value)


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def _foreign(field: str) -> PrivacyError:
    return PrivacyError(
        "this holds something that the release schema does not know",
        code="payload_foreign",
        place=field,
        remedy="Nothing was shown or sent. Make the disclosure again; if it stays, tell the compliance officer.",
        field=field,
    )


def _unreadable() -> PrivacyError:
    return PrivacyError(
        "this is not a disclosure as it was made",
        code="disclosure_unreadable",
        remedy="It was changed where it is stored: look at the audit log.",
    )
