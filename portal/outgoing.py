"""Sends what actions have put into the outbox. A message that cannot be sent waits and is tried again, five times."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime

from portal.mail import Mail, Mailer, MailError
from portal.rooms import Room, data_keys_of
from portal.storage import Store
from portal.storage_contacts import suppressed
from portal.storage_release import disclosure_stands
from portal.storage_runs import mail_tried, mails_waiting
from privacy.contact import unsubscribe_headers
from privacy.custody import TenantLocked
from privacy.keys import KeyService
from privacy.vault import PrivacyError

log = logging.getLogger("mingsuan.mail")


def send_waiting(store: Store, keys: KeyService, mailer: Mailer, clock: Callable[[], datetime]) -> int:
    """Send the messages that wait; returns how many were sent."""
    data_keys = data_keys_of(store, keys)
    with store.reading() as tx:
        waiting = mails_waiting(tx, opened=data_keys.secrets.tenants())
    sent = 0
    for row in waiting:
        at: float | None = None
        try:
            plain = Room(data_keys, row.tenant).open("mail", row.id, row.sealed, key=row.data_key)
            message = json.loads(plain)
            at = clock().timestamp()
            if _stands(store, message, at=at):
                mailer.send(_mail(message))
                sent += 1
        except TenantLocked:  # just now: it waits, and that is no attempt
            continue
        except (MailError, PrivacyError, KeyError) as error:
            at = None
            log.warning("message %s was not sent: %s", row.id, getattr(error, "code", "fault"))
        with store.writing() as tx:
            mail_tried(tx, row.id, sent_at=at)
    return sent


def _stands(store: Store, message: dict[str, str], *, at: float) -> bool:
    """Say whether a message may still be sent: its address not suppressed, its release not over. Else it is dropped."""
    with store.reading() as tx:
        if message.get("outreach") and suppressed(tx, message["outreach"]):
            return False
        return not message.get("disclosure") or disclosure_stands(tx, message["disclosure"], at=at)


def _mail(message: dict[str, str]) -> Mail:
    link = message.get("unsubscribe", "")
    headers = unsubscribe_headers(link) if link.startswith("https://") else {}
    return Mail(to=message["to"], subject=message["subject"], body=message["text"], headers=headers)
