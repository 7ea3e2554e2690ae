"""The routes under `/api/v1`: what every call passes, and what each one does.

In this order: token, tenant's rate, query and media type, Idempotency-Key, body, action. A call does nothing that an
action does not do: policy, sealing and the note in the log are those of the pages. A refusal that no action made is
noted here, under the account.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import Any

from anyio import to_thread
from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from portal import storage_service
from portal.api_acts import ACTS, Asked, CallError, Done
from portal.api_bodies import READERS
from portal.api_document import (
    BASE,
    CALLS,
    DOCUMENT_PATH,
    REVOKE_PATH,
    TOKEN_PATH,
    Call,
    openapi,
    read_query,
)
from portal.api_rows import KINDS, BodyError, Rows
from portal.api_tokens import LONGEST_FORM, Caller, Tokens, note_call
from portal.gate import Gate
from portal.limits import Rate, TooLargeError
from portal.problems import STATUSES, problem, problem_of
from portal.storage_service import AnswerKept, AnswerRow
from portal.wiring import Portal
from portal.workspace import Workspace

log = logging.getLogger("mingsuan.api")

TENANT_RATE = Rate(burst=200, per_second=20)
"""How often all programs of a tenant may call; the gate counts each address besides."""
AT_ONCE, OF_ONE_TENANT = 6, 2
"""How many bodies of rows or files are taken at the same time; the others wait outside."""
SMALL_BODY = 256 * 1024

API_STATUSES = {
    **STATUSES,
    "push_crossed": 409,
    "not_finished": 409,
    "too_many_rows": 413,
    "json_too_large": 413,
    "row_too_long": 413,
    "file_too_large": 413,
    "too_large": 413,
}


@dataclass(slots=True)
class ApiRoutes:
    """The API of one portal."""

    portal: Portal
    tokens: Tokens = field(init=False)
    _taking: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.portal)

    def routes(self) -> list[BaseRoute]:
        by_path: dict[str, dict[str, Call]] = {}
        for call in CALLS:
            by_path.setdefault(f"{BASE}{call.path}", {})[call.method] = call
        return [
            Route(DOCUMENT_PATH, self.document),
            Route(TOKEN_PATH, partial(self._oauth, self.tokens.issue), methods=["POST"]),
            Route(REVOKE_PATH, partial(self._oauth, self.tokens.revoke), methods=["POST"]),
            *(Route(path, partial(self._called, calls), methods=list(calls)) for path, calls in by_path.items()),
        ]

    async def document(self, request: Request) -> Response:
        """The OpenAPI document; it says nothing of anybody, so it needs no token."""
        del request
        return JSONResponse(openapi(self.portal.settings.origin, version("mingsuan")))

    async def _oauth(self, answer: Callable[[str, bytes], tuple[int, dict[str, Any]]], request: Request) -> Response:
        """Answer at the token or revocation endpoint; errors carry what both RFC 6749 and RFC 9457 ask for."""
        try:
            body = await _read(request, LONGEST_FORM)
        except CallError as error:
            return problem(error.status, error.code)
        authorization = request.headers.get("authorization", "")
        status, said = await to_thread.run_sync(answer, authorization, body)
        gate: Gate = request.scope["portal_gate"]
        gate.counts[f"api_tokens_{'given' if status < 400 else 'refused'}"] += 1
        if status < 400:
            return JSONResponse(said, status_code=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
        code = str(said.get("error", "invalid_request"))
        known = code if code in {"invalid_client", "invalid_scope", "unsupported_grant_type"} else "invalid_request"
        headers = {"WWW-Authenticate": 'Basic realm="mingsuan"'} if status == 401 else {}
        return problem(status, known, headers=headers, error=code, error_description=_ascii(code))

    # --- what every call passes --------------------------------------------------------------------------------------

    async def _called(self, calls: Mapping[str, Call], request: Request) -> Response:
        call = calls["GET" if request.method == "HEAD" else request.method]
        try:
            caller = await to_thread.run_sync(self.tokens.caller, request.headers.get("authorization", ""), "")
        except OAuth2Error as error:
            return problem(401, "token_needed", headers={"WWW-Authenticate": f'Bearer error="{error.error}"'})
        try:
            return await self._passed(call, caller, request)
        except (CallError, BodyError) as error:
            await to_thread.run_sync(self._note_refusal, call, caller, error.code)
            if isinstance(error, BodyError):
                return problem_of(error, statuses=API_STATUSES) or problem(500, "fault")
            return problem(error.status, error.code, retry=error.retry, **error.more)
        except TooLargeError:
            await to_thread.run_sync(self._note_refusal, call, caller, "too_large")
            return problem(413, "too_large")
        except ClientDisconnect:
            return problem(400, "bad_request")
        except Exception as error:
            told = problem_of(error, statuses=API_STATUSES)
            if told is None:
                raise
            return told

    async def _passed(self, call: Call, caller: Caller, request: Request) -> Response:
        gate: Gate = request.scope["portal_gate"]
        tenant = caller.account.tenant
        wait = gate.buckets.wait(f"api-tenant:{tenant}", TENANT_RATE, at=time.monotonic())
        if wait:
            gate.counts["rate_limited"] += 1
            return problem(429, "too_often", retry=wait)
        if call.scope not in caller.scopes:
            raise CallError("scope_missing", status=403, scope=call.scope)
        asked = Asked(call=call, caller=caller, path=request.path_params, query=_query(call, request))
        gate.counts["api_calls"] += 1
        if not call.writes:
            return await self._done(asked)
        asked.media = _media(call, request)
        asked.key = _key(caller, request)
        kept = await to_thread.run_sync(self._kept, asked) if asked.key else None
        if call.scope != "data:write" or call.name == "confirm_upload":
            await self._take(asked, request, reads=kept is None)
        else:
            if self._taking[""] >= AT_ONCE or self._taking[tenant] >= OF_ONE_TENANT:
                raise CallError("busy", status=503, retry=2.0)
            self._taking.update(("", tenant))
            try:
                await self._take(asked, request, reads=kept is None)
                return self._again(asked, kept) if kept is not None else await self._done(asked)
            finally:
                self._taking.subtract(("", tenant))
        return self._again(asked, kept) if kept is not None else await self._done(asked)

    async def _take(self, asked: Asked, request: Request, *, reads: bool) -> None:
        """Take the body as the call wants it; `reads` False: only its digest is of interest."""
        call, digest = asked.call, hashlib.sha256()
        digest.update(json.dumps([call.name, dict(asked.path), asked.query, asked.media], sort_keys=True).encode())
        if call.name.startswith("push_"):
            rows = Rows(kind=KINDS[call.path.removeprefix("/")])
            reader = READERS[asked.media](rows)
            async for piece in request.stream():
                digest.update(piece)
                if reads and piece:
                    await to_thread.run_sync(reader.feed, piece)  # the next piece is asked for when this one is read
            if reads:
                await to_thread.run_sync(reader.end)
            asked.body = rows
        elif call.name == "upload_file":
            data, name = await _file(request, asked.media)
            digest.update(data)
            asked.body, asked.name = data, str(asked.query.get("name") or name or "upload")
        elif call.takes:
            data = await _read(request, SMALL_BODY)
            digest.update(data)
            asked.body = _document(call, data) if reads else None
        else:
            await _read(request, SMALL_BODY)
        asked.digest = digest.hexdigest()

    async def _done(self, asked: Asked) -> Response:
        """Do what the call is for, and keep the answer with it where the call has a key."""
        act, shape = ACTS[asked.call.name](asked)
        workspace = self.portal.workspace(asked.caller.member)
        workspace.via = asked.caller.account.id
        if asked.key:
            workspace.conclusion = lambda result: self._keep(workspace, asked, shape(result))
        try:
            result = await to_thread.run_sync(act, workspace)
        except AnswerKept:
            kept = await to_thread.run_sync(self._kept, asked)
            if kept is None:
                raise
            return self._again(asked, kept)
        return _answer(shape(result))

    # --- calls that are sent again -----------------------------------------------------------------------------------

    def _kept(self, asked: Asked) -> Mapping[str, Any] | None:
        workspace = self.portal.workspace(asked.caller.member)
        with self.portal.store.reading() as tx:
            row = storage_service.answer(tx, workspace.tenant, asked.key, at=self.portal.now().timestamp())
        if row is None:
            return None
        kept: Mapping[str, Any] = json.loads(workspace.unseal("answer", row.id, row.sealed, key=row.data_key))
        return kept

    def _keep(self, workspace: Workspace, asked: Asked, done: Done) -> None:
        at = self.portal.now().timestamp()
        text = json.dumps({"digest": asked.digest, "status": done.status, "body": done.body, "location": done.location})
        name, sealed = workspace.seal("answer", asked.key, text.encode())
        row = AnswerRow(id=asked.key, tenant=workspace.tenant, at=at, data_key=name, sealed=sealed)
        workspace.then(lambda tx: storage_service.add_answer(tx, row))

    def _again(self, asked: Asked, kept: Mapping[str, Any]) -> Response:
        if kept["digest"] != asked.digest:
            raise CallError("key_reused")
        done = Done(status=kept["status"], body=kept["body"], location=kept["location"])
        response = _answer(done)
        response.headers["Idempotent-Replayed"] = "true"
        return response

    def _note_refusal(self, call: Call, caller: Caller, code: str) -> None:
        self.portal.workspace(caller.member).warm_log()
        reason = f"{call.name}: {code}"
        with self.portal.store.writing() as tx:
            note_call(
                self.portal, tx, caller.member, account=caller.account.id,
                action="api_call", decision="refused", reason=reason,
            )  # fmt: skip


# --- pieces ----------------------------------------------------------------------------------------------------------


def _query(call: Call, request: Request) -> dict[str, Any]:
    known = {param.name: param for param in call.query()}
    found: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name in found:
            raise CallError("bad_call", problems=[{"place": name, "code": "twice"}])
        found[name] = read_query(known[name], text) if name in known else text
    wrong = call.complaints(found)
    if wrong:
        raise CallError("bad_call", problems=wrong)
    return found


def _media(call: Call, request: Request) -> str:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if call.takes and media not in call.takes:
        raise CallError("media_type", status=415, takes=sorted(call.takes))
    return media if call.takes else ""


def _key(caller: Caller, request: Request) -> str:
    """Return under which name the answer to this call is kept, or "" for a call that is done each time it is sent."""
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return ""
    key = keys[0]
    if len(keys) > 1 or not 1 <= len(key) <= 200 or not all("!" <= sign <= "~" for sign in key):
        raise CallError("bad_key", status=400)
    return hashlib.sha256(f"{caller.account.id}\0{key}".encode()).hexdigest()


async def _read(request: Request, most: int) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise CallError("too_large", status=413)
    return bytes(body)


async def _file(request: Request, media: str) -> tuple[bytes, str]:
    """Return the file of an upload and the name that a form gives it; the gate has limited its size."""
    if media != "multipart/form-data":
        return await request.body(), ""
    async with request.form(max_files=1, max_fields=5) as form:
        sent = form.get("file")
        if sent is None or isinstance(sent, str):
            raise CallError("bad_call", problems=[{"place": "file", "code": "missing"}])
        return await sent.read(), sent.filename or ""


def _document(call: Call, data: bytes) -> Any:
    try:
        body = json.loads(data or b"{}", parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise CallError("body_not_json", status=400) from None
    wrong = call.complaints_of_body(body, "application/json")
    if wrong:
        raise CallError("bad_call", problems=wrong)
    return body


def _answer(done: Done) -> Response:
    headers = {"Cache-Control": "no-store"}
    if done.location:
        headers["Location"] = done.location
    return JSONResponse(dict(done.body), status_code=done.status, headers=headers)


def _ascii(code: str) -> str:
    return {
        "invalid_client": "unknown account or wrong secret",
        "invalid_scope": "a scope that the account does not have",
        "unsupported_grant_type": "only client_credentials",
    }.get(code, "the request cannot be read")
