"""What every answer tells the browser to allow: content security policy and its neighbours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

APP_POLICY = (
    "default-src 'self'; "
    "script-src 'self' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; "  # the pages' style engine writes style elements
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "worker-src 'self' blob:; "
    "connect-src 'self'; "
    "object-src 'none'; "
    "base-uri 'none'; "
    "form-action 'self'; "
    "frame-ancestors 'none'"
)
"""For the Streamlit pages: no script but our own files, no eval, nothing from elsewhere."""

FRONT_POLICY = (
    "default-src 'none'; "
    "style-src 'self'; "
    "script-src 'self'; "
    "img-src 'self' data:; "
    "connect-src 'self'; "
    "base-uri 'none'; "
    "form-action 'self'; "
    "frame-ancestors 'none'"
)
"""For everything else: sign-in pages, downloads, JSON."""

ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"),
    (b"x-permitted-cross-domain-policies", b"none"),
)
LONG_LIVED = b"private, max-age=31536000, immutable"


def guarded(send: Send, *, app_page: bool, secure: bool, immutable: bool = False) -> Send:
    """`send`, with our headers on the answer; headers of the same name set further in are replaced.

    Nothing is kept by shared caches; `immutable` files (their names hold their hash) are kept by the browser.
    """
    policy = (APP_POLICY if app_page else FRONT_POLICY).encode()
    ours = (*ALWAYS, (b"content-security-policy", policy))
    if secure:
        ours = (*ours, (b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    names = {name for name, _ in ours} | {b"server"}

    async def guarded_send(message: MutableMapping[str, Any]) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
            good = message["status"] in {200, 206, 304}
            if immutable and good:
                kept = [(name, value) for name, value in kept if name.lower() != b"cache-control"]
                kept.append((b"cache-control", LONG_LIVED))
            elif not any(name.lower() == b"cache-control" for name, _ in kept):
                kept.append((b"cache-control", b"no-store"))
            if secure:  # a cookie that somebody further in has set
                kept = [_only_encrypted(name, value) for name, value in kept]
            message = {**message, "headers": [*kept, *ours]}
        await send(message)

    return guarded_send


def _only_encrypted(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    plain = name.lower() == b"set-cookie" and b"secure" not in {part.strip().lower() for part in value.split(b";")}
    return name, value + b"; Secure" if plain else value
