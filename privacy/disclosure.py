"""The one thing that leaves a tenant: a payload of bands under one consent.

The schema is fixed: a field is a band of a public grid or a choice from a published list. No free text, no names, no
files, no exact values; what has no field cannot be sent. A disclosure is minimised and consented. It is not anonymous
and is never called so. It is *sticky*: the same data under the same policy gives the same payload from the store, and
a new one is made at most once a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from privacy.bands import Text
from privacy.consent import Consent

SCHEMA_VERSION = "release/1"
REFRESH = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """What a case has to say, exact, inside the tenant; None where it was not computed."""

    oee_baseline: float | None = None  # fraction
    oee_scenario: float | None = None  # fraction, month 36
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsFigures:
    """What a check list has to say, exact, inside the tenant."""

    checklist: str | None = None  # id of a published check list
    gap_share: float | None = None  # not or partly met, of what was assessed
    not_assessed_share: float | None = None
    highest_risk: int | None = None  # 0..3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePolicy:
    """What may be sent: a subset of the schema, and the published ids that choices may name."""

    id: str
    version: str
    fields: tuple[str, ...]
    packs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    checklists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One field as it is sent: codes, and the words shown for them."""

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
        """What is sent: schema, grid, policy and codes by field. Titles are the recipient's own."""
        raise RuntimeError("being written")

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the RFC 8785 JSON: what a consent approves."""
        raise RuntimeError("being written")


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
        raise RuntimeError("being written")

    @classmethod
    def from_json(cls, data: object) -> Disclosure:
        """Read back; `PrivacyError` (disclosure_unreadable) for anything that is not one."""
        raise RuntimeError("being written")


def standard_policy(*, packs: tuple[str, ...], modules: tuple[str, ...], checklists: tuple[str, ...]) -> ReleasePolicy:
    """The policy that allows every field of the schema."""
    raise RuntimeError("being written")


def preview(case: CaseFigures, findings: FindingsFigures, policy: ReleasePolicy) -> Payload:
    """The exact payload, for the tenant's eyes before any consent; the same function makes the real one."""
    raise RuntimeError("being written")


def disclose(
    case: CaseFigures,
    findings: FindingsFigures,
    consent: Consent,
    policy: ReleasePolicy,
    *,
    purpose: str,
    id: str,  # noqa: A002
    data_digest: str,
    at: datetime,
) -> Disclosure:
    """Make the disclosure that a consent covers.

    Refused (`PrivacyError`): consent_missing where the consent does not cover purpose and moment, payload_changed where
    the payload is no longer the one approved, field_not_consented. `data_digest` names the case it was made from.
    """
    raise RuntimeError("being written")


def may_refresh(last: datetime | None, *, at: datetime) -> bool:
    """May a new payload be made, a day after the last?"""
    raise RuntimeError("being written")


def sticky_key(*, data_digest: str, policy: ReleasePolicy, purpose: str, recipient: str) -> str:
    """The key under which a disclosure is stored and replayed."""
    raise RuntimeError("being written")


def release_filter(payload: Mapping[str, object]) -> dict[str, object]:
    """The payload again if every field and code is in the schema; the last gate before anything is shown or sent.

    `PrivacyError` (payload_foreign) for an unknown field, code or type.
    """
    raise RuntimeError("being written")


def words(payload: Mapping[str, object]) -> tuple[Item, ...]:
    """The items of a received payload with titles and words, for the feed's page."""
    raise RuntimeError("being written")


def lead_handle(key: bytes, *, tenant: str, purpose: str) -> str:
    """A tenant's pseudonym towards the sales side; another one for each purpose."""
    raise RuntimeError("being written")
