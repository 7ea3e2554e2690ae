"""Whether somebody may be contacted now: the one judgement for every channel, at the moment of the contact."""

from __future__ import annotations

from datetime import UTC, datetime

from portal import storage_accounts, storage_contacts, storage_release
from portal.actions import ActionError
from portal.rooms import DataKeys, account_secret
from portal.storage import Transaction
from privacy.contact import ContactRules, Verdict, may_contact, suppression_key, unsubscribe_token

RULES = ContactRules()
CHANNELS = ("mail", "phone", "visit")


def address_key(data_keys: DataKeys, email: str, *, at: datetime) -> str:
    """Return the keyed hash of an address; `PrivacyError` (email_unreadable) where it is none."""
    return suppression_key(account_secret(data_keys, "contact", at=at), email)


def token_for(data_keys: DataKeys, key: str, *, at: datetime) -> str:
    """Return the token of an address's unsubscribe link."""
    return unsubscribe_token(account_secret(data_keys, "contact", at=at), key)


def verdict_on(tx: Transaction, email: str, key: str, *, at: datetime) -> Verdict:
    """Judge a contact: suppression, cooling-off after the last release or withdrawal, cap over all channels."""
    last = _last_result(tx, email)
    return may_contact(
        RULES,
        at=at,
        address_key=key,
        suppressed={key} if storage_contacts.suppressed(tx, key) else (),
        last_result_at=None if last is None else datetime.fromtimestamp(last, UTC),
        contacts=[datetime.fromtimestamp(row["at"], UTC) for row in storage_contacts.contacts_with(tx, key)],
    )


def refusal(verdict: Verdict) -> ActionError:
    """Return the error of a contact that is not allowed; nobody can override it."""
    words = {
        "suppressed": "this person has unsubscribed and may not be contacted",
        "cooling_off": "this is the cooling-off time: no contact now",
        "too_often": "the limit of contacts is reached",
    }
    until = "–" if verdict.next_at is None else verdict.next_at.strftime("%Y-%m-%d %H:%M UTC")
    return ActionError(words[verdict.code], code=verdict.code, remedy=f"From {until} on.", until=until)


def _last_result(tx: Transaction, email: str) -> float | None:
    """Return when the person's tenant last released something or took it back."""
    moments = []
    for tenant in storage_accounts.tenants_of(tx, email):
        for row in storage_release.disclosures_of(tx, tenant)[:20]:
            moments += [row.released_at] + ([row.withdrawn_at] if row.withdrawn_at is not None else [])
    return max(moments, default=None)
