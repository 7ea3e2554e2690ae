"""Consent: who may get which fields for which purpose until when, and the receipt that proves it.

A record follows ISO/IEC TS 27560:2023 (record and receipt): version of the notice shown, purposes, kinds of data,
recipient, term, channel, and the events of its life (given, changed, withdrawn). Withdrawing is one event and needs
no reason. A record is never edited: each event makes the next record.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

from privacy.signature import holds, sign
from privacy.vault import PrivacyError, canonical

SCHEMA: Final = "mingsuan/consent/1"
RECEIPT_FORMAT: Final = "mingsuan/consent-receipt/1"
PURPOSES: Final = ("offer_preparation", "feasibility_review", "service_improvement")  # of a result to one recipient
KNOWN_PURPOSES: Final = (*PURPOSES, "benchmark")  # the last: to be counted among many (privacy.benchmark)
LONGEST: Final = timedelta(days=731)
Kind = Literal["given", "changed", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a consent."""

    kind: Kind
    at: datetime
    actor: str  # pseudonym of the member


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent of one tenant to one recipient."""

    id: str
    tenant: str
    workspace: str
    notice: str  # id and version of the privacy notice shown, e.g. "release-notice/1"
    language: str  # in which it was shown: zh-CN or en
    purposes: tuple[str, ...]
    fields: tuple[str, ...]  # field ids of the release schema
    recipient: str  # member id of the rep, or a vendor's id
    begins: datetime
    until: datetime
    payload_digest: str  # of the exact payload that was shown and approved
    channel: str = "portal"
    events: tuple[Event, ...] = ()

    @property
    def given_at(self) -> datetime | None:
        """When it was given; None while it is a draft."""
        return next((event.at for event in self.events if event.kind == "given"), None)

    @property
    def withdrawn_at(self) -> datetime | None:
        """When it was withdrawn; None where it was not."""
        return next((event.at for event in self.events if event.kind == "withdrawn"), None)

    def to_json(self) -> dict[str, object]:
        """The record under the names of ISO/IEC TS 27560."""
        return {
            "schema_version": SCHEMA,
            "record_id": self.id,
            "pii_principal_id": self.tenant,
            "workspace": self.workspace,
            "privacy_notice": self.notice,
            "language": self.language,
            "purposes": list(self.purposes),
            "lawful_basis": "consent",
            "pii_information": list(self.fields),
            "payload_digest": self.payload_digest,
            "recipient_third_parties": [self.recipient],
            "collection_method": self.channel,
            "withdrawal_method": "portal",
            "valid_from": _text(self.begins),
            "valid_until": _text(self.until),
            "events": [
                {"event_type": event.kind, "event_time": _text(event.at), "entity_id": event.actor}
                for event in self.events
            ],
        }

    @classmethod
    def from_json(cls, data: object) -> Consent:
        """Read a record back; `PrivacyError` (consent_unreadable) for anything else."""
        try:
            held = cast("dict[str, Any]", data)
            (recipient,) = held["recipient_third_parties"]
            consent = cls(
                id=held["record_id"],
                tenant=held["pii_principal_id"],
                workspace=held["workspace"],
                notice=held["privacy_notice"],
                language=held["language"],
                purposes=tuple(held["purposes"]),
                fields=tuple(held["pii_information"]),
                recipient=recipient,
                begins=datetime.fromisoformat(held["valid_from"]),
                until=datetime.fromisoformat(held["valid_until"]),
                payload_digest=held["payload_digest"],
                channel=held["collection_method"],
                events=tuple(
                    Event(
                        kind=event["event_type"],
                        at=datetime.fromisoformat(event["event_time"]),
                        actor=event["entity_id"],
                    )
                    for event in held["events"]
                ),
            )
            same = canonical(consent.to_json()) == canonical(held)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unreadable() from error
        if not same:
            raise _unreadable()
        return consent


def give(consent: Consent, *, actor: str, at: datetime) -> Consent:
    """The record with its first event.

    `PrivacyError`: consent_purpose for none or an unknown one, consent_fields for none, consent_term where it ends
    before it begins or lasts more than two years, consent_given where it was given already.
    """
    if consent.events:
        raise PrivacyError(
            "this consent was given already",
            code="consent_given",
            place=consent.id,
            remedy="Withdraw it and give a new one.",
        )
    strange = [purpose for purpose in consent.purposes if purpose not in KNOWN_PURPOSES]
    if strange or not consent.purposes:
        raise PrivacyError(
            f"a consent names one or more of the purposes {', '.join(KNOWN_PURPOSES)}",
            code="consent_purpose",
            place=consent.id,
            remedy="Choose a purpose from the list.",
            purposes=", ".join(KNOWN_PURPOSES),
        )
    if not consent.fields:
        raise PrivacyError(
            "a consent names the fields it is for",
            code="consent_fields",
            place=consent.id,
            remedy="Choose at least one field; to release nothing, give no consent.",
        )
    if not consent.begins < consent.until <= consent.begins + LONGEST or consent.until <= at:
        raise PrivacyError(
            "a consent ends after it begins, in the future, and after two years at the latest",
            code="consent_term",
            place=consent.id,
            remedy="Choose an end within the next two years.",
        )
    return replace(consent, events=(Event(kind="given", at=at, actor=actor),))


def withdraw(consent: Consent, *, actor: str, at: datetime) -> Consent:
    """The record with its last event; withdrawing twice changes nothing."""
    if consent.withdrawn_at is not None:
        return consent
    return replace(consent, events=(*consent.events, Event(kind="withdrawn", at=at, actor=actor)))


def covers(consent: Consent, *, purpose: str, recipient: str, at: datetime) -> bool:
    """Does the consent hold for this purpose and recipient at this moment?

    A withdrawal counts at once and for good, whatever moment is asked about: nothing is released backwards in time.
    """
    return (
        consent.given_at is not None
        and consent.withdrawn_at is None
        and consent.begins <= at < consent.until
        and consent.given_at <= at
        and purpose in consent.purposes
        and recipient == consent.recipient
    )


def receipt(consent: Consent, *, seed: bytes, issuer: str) -> str:
    """The signed receipt: a JSON document with record, issuer and an Ed25519 signature over both."""
    signed = {"mingsuan": RECEIPT_FORMAT, "issuer": issuer, "record": consent.to_json()}
    signature = sign(seed, RECEIPT_FORMAT, canonical(signed))
    return canonical({**signed, "signature": base64.b64encode(signature).decode()}).decode()


def read_receipt(document: str, *, public_key: bytes) -> Consent:
    """The consent of a receipt whose signature holds (32 bytes of `signature.public_bytes`).

    `PrivacyError`: consent_unreadable, receipt_forged.
    """
    try:
        held = json.loads(document)
        signature = base64.b64decode(held.pop("signature"), validate=True)
        signed = canonical(held)
        record = held["record"]
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise _unreadable() from error
    if not holds(public_key, RECEIPT_FORMAT, signed, signature):
        raise PrivacyError(
            "the receipt's signature is wrong",
            code="receipt_forged",
            remedy="The receipt was changed, or another portal signed it: compare it with the one in the portal.",
        )
    return Consent.from_json(record)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _unreadable() -> PrivacyError:
    return PrivacyError(
        "this is not a consent record",
        code="consent_unreadable",
        remedy="Take the record or receipt as the portal wrote it.",
    )
