"""What a request says about itself, and the problem documents we answer with."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, Response

from portal.limits import retry_after
from portal.text import error_text, t

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


STATUSES = {
    "action_refused": 403,
    "not_permitted": 403,
    "step_up_needed": 403,
    "no_such_value": 404,
    "tenant_locked": 423,
}
"""What a refusal of an action means in HTTP; any other is a request that cannot be done as asked."""


def problem_of(error: BaseException, *, statuses: Mapping[str, int] = STATUSES) -> Response | None:
    """The problem document of an error of our folders; None for any other, which says nothing of itself."""
    code = getattr(error, "code", None)
    if not isinstance(code, str) or not isinstance(error, (ValueError, KeyError)):  # others have codes too
        return None
    message, remedy = error_text(error)
    status = statuses.get(code, 422)
    body = {
        "type": f"urn:mingsuan:problem:{code}",
        "title": message,
        "status": status,
        "detail": remedy,
        "code": code,
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def problem(
    status: int, code: str, *, retry: float = 0.0, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """A problem document (RFC 9457): what is wrong and what to do, never a trace."""
    body = {
        "type": f"urn:mingsuan:problem:{code}",
        "title": t(f"errors_portal.{code}.message"),
        "status": status,
        "detail": t(f"errors_portal.{code}.remedy"),
        "code": code,
        **more,
    }
    sent = {"Retry-After": retry_after(retry).decode()} if retry else {}
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    sent.update(headers or {})
    return JSONResponse(body, status_code=status, headers=sent, media_type="application/problem+json")
