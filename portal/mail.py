"""Mail leaves here: a real server by SMTP, or the outbox that the demo shows on a page."""

from __future__ import annotations

import smtplib
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from typing import Protocol
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one person, plain text."""

    to: str
    subject: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class MailError(ValueError):
    """The message could not be handed to the mail server."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


class Mailer(Protocol):
    """Anything that sends a mail, or raises `MailError`."""

    def send(self, mail: Mail) -> None: ...


class Outbox:
    """Keeps the newest messages in memory instead of sending them: for the demo and for tests."""

    def __init__(self, *, clock: Callable[[], datetime], newest: int = 200) -> None:
        self.clock = clock
        self._mails: deque[tuple[datetime, Mail]] = deque(maxlen=newest)

    def send(self, mail: Mail) -> None:
        self._mails.appendleft((self.clock(), mail))

    def mails(self) -> list[tuple[datetime, Mail]]:
        """The messages with the times at which they were sent, newest first."""
        return list(self._mails)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server: `smtps://user:password@host:465?from=a@b` or `smtp://...:587` (STARTTLS is then required).

    `smtp+plain://` sends without encryption and is meant for a relay on the same machine.
    """

    url: str
    timeout: float = 20.0

    def send(self, mail: Mail) -> None:
        parts = urlsplit(self.url)
        query = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
        message = EmailMessage(policy=WIRE)
        try:
            message["From"] = unquote(query.get("from", "")) or f"mingsuan@{parts.hostname}"
            message["To"] = mail.to
            message["Subject"] = mail.subject
            message["Auto-Submitted"] = "auto-generated"
            for name, value in mail.headers.items():
                message[name] = value
            message.set_content(mail.body)
            with self._connect() as server:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailError(
                "the mail could not be sent",
                code="mail_not_sent",
                remedy="Try again in a few minutes; the administrator can check the mail server.",
            ) from error

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, parts.port or 465, timeout=self.timeout, context=context)
        server = smtplib.SMTP(host, parts.port or (25 if parts.scheme == "smtp+plain" else 587), timeout=self.timeout)
        if parts.scheme != "smtp+plain":
            server.starttls(context=ssl.create_default_context())
        return server
