"""Consent: who may get which fields for which purpose until when, and the receipt that proves it.

A record follows ISO/IEC TS 27560:2023 (record and receipt): version of the notice shown, purposes, kinds of data,
recipient, term, channel, and the events of its life (given, changed, withdrawn). Withdrawing is one event and needs
no reason. A record is never edited: each event makes the next record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PURPOSES = ("offer_preparation", "feasibility_review", "service_improvement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a consent."""

    kind: Literal["given", "changed", "withdrawn"]
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
    def withdrawn_at(self) -> datetime | None:
        """When it was withdrawn; None where it was not."""
        raise RuntimeError("being written")

    def to_json(self) -> dict[str, object]:
        raise RuntimeError("being written")

    @classmethod
    def from_json(cls, data: object) -> Consent:
        """Read a record back; `PrivacyError` (consent_unreadable) for anything else."""
        raise RuntimeError("being written")


def give(consent: Consent, *, actor: str, at: datetime) -> Consent:
    """The record with its first event; checks purposes, fields and a term of at most 24 months."""
    raise RuntimeError("being written")


def withdraw(consent: Consent, *, actor: str, at: datetime) -> Consent:
    """The record with its last event; withdrawing twice changes nothing."""
    raise RuntimeError("being written")


def covers(consent: Consent, *, purpose: str, recipient: str, at: datetime) -> bool:
    """Does the consent hold for this purpose and recipient at this moment?"""
    raise RuntimeError("being written")


def receipt(consent: Consent, *, seed: bytes, issuer: str) -> str:
    """The signed receipt: a JSON document with the record and an Ed25519 signature (`checkpoint.new_log_key`)."""
    raise RuntimeError("being written")


def read_receipt(document: str, *, public_key: str) -> Consent:
    """The consent of a receipt whose signature holds; `PrivacyError` (receipt_*) otherwise."""
    raise RuntimeError("being written")
