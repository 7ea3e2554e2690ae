"""What a request says about itself, and the problem documents we answer with."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, Response

from portal.limits import retry_after
from portal.text import t

Scope = Mapping[str, Any]


def where(error: BaseException) -> str:
    """The places an error passed, without its message and values."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def cookie(scope: Scope, name: str) -> str | None:
    """A cookie's value; None where there is none or several of that name (somebody planted one)."""
    found = []
    for pair in ";".join(value.decode("latin-1") for key, value in scope["headers"] if key == b"cookie").split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            found.append(value.strip('"'))
    return found[0] if len(found) == 1 else None


def wants_page(scope: Scope) -> bool:
    return "text/html" in (header(scope, b"accept") or "") or header(scope, b"sec-fetch-mode") == "navigate"


def problem(status: int, code: str, *, retry: float = 0.0, **more: object) -> Response:
    """A problem document (RFC 9457): what is wrong and what to do, never a trace."""
    body = {
        "type": f"urn:mingsuan:problem:{code}",
        "title": t(f"errors_portal.{code}.message"),
        "status": status,
        "detail": t(f"errors_portal.{code}.remedy"),
        "code": code,
        **more,
    }
    headers = {"Retry-After": retry_after(retry).decode()} if retry else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")
