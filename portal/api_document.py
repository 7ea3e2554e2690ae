"""The API for programs, declared: each call with its scope, parameters, body and answers.

The routes, the checks of what comes in and the OpenAPI document are made of these declarations, so what is published is
what is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from jsonschema import Draft202012Validator

from portal.actions_service import DATA_READ, DATA_WRITE, DISCLOSURES_READ, STUDIES_READ, STUDIES_WRITE
from portal.api_rows import KINDS, MOST_ROWS
from portal.api_shapes import (
    ANY,
    CONFIRMATION,
    DATASET,
    DISCLOSURE,
    ID,
    KIND,
    PROBLEM_SCHEMA,
    PUSHED,
    SCENARIO,
    STUDY,
    STUDY_WISH,
    UPLOAD,
    WORDS,
    YES,
    ZONE,
    Schema,
    listed,
    shape,
)  # fmt: skip
from templates.reading_schema import reading_schema

BASE = "/api/v1"
TOKEN_PATH, REVOKE_PATH, DOCUMENT_PATH = f"{BASE}/oauth/token", f"{BASE}/oauth/revoke", f"{BASE}/openapi.json"
KEY = r"^[!-~]{1,200}$"
PROBLEM = "application/problem+json"
FILES = (
    "application/octet-stream",
    "text/csv",
    "text/plain",
    "application/json",
    "application/pdf",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One parameter of a call. Parameters of the query and headers arrive as text and are read by their schema."""

    name: str
    where: Literal["query", "path", "header"]
    schema: Schema
    about: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `takes` holds the schema of its body by media type; an empty schema stands for bytes."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    scope: str
    about: str
    answers: Mapping[int, Schema]
    params: tuple[Param, ...] = ()
    takes: Mapping[str, Schema] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        return self.method == "POST"

    def query(self) -> Iterator[Param]:
        return (param for param in self.params if param.where == "query")

    def complaints(self, values: Mapping[str, object]) -> list[dict[str, str]]:
        """What is wrong with the query: unknown names, and values that do not fit their schema."""
        known = {param.name: param for param in self.query()}
        found = [{"place": name, "code": "unknown"} for name in values if name not in known]
        for name, param in known.items():
            if name not in values:
                found += [{"place": name, "code": "missing"}] if param.required else []
            elif not validator(param.schema).is_valid(values[name]):
                found.append({"place": name, "code": "does_not_fit"})
        return found

    def complaints_of_body(self, body: object, media: str) -> list[dict[str, str]]:
        """What is wrong with a JSON body: where, and which rule of the schema."""
        errors = sorted(validator(self.takes[media]).iter_errors(body), key=lambda error: list(map(str, error.path)))
        return [
            {"place": "/".join(map(str, error.absolute_path)), "code": f"schema_{error.validator}"}
            for error in errors[:20]
        ]


def validator(schema: Schema) -> Draft202012Validator:
    """A validator that takes 2.0 for no integer only where the schema says so; schemas here are ours and sound."""
    return Draft202012Validator(schema)


def read_query(param: Param, text: str) -> object:
    """The text of a query parameter as its schema wants it; what cannot be read stays text and does not fit."""
    kind = param.schema.get("type")
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "integer" and text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() and len(text) < 12:
        return int(text)
    return text


# --- calls -----------------------------------------------------------------------------------------------------------


def _id(name: str, about: str) -> Param:
    return Param(name=name, where="path", schema=ID, about=about, required=True)


_READ_UPLOAD = (
    Param(name="timezone", where="query", schema=ZONE, about="of times without an offset; default UTC"),
    Param(name="kind", where="query", schema=KIND, about="says what the file is"),
    Param(name="date_order", where="query", schema={"type": "string", "enum": ["dmy", "mdy"]}, about="of 03/04/2026"),
)


def _push(kind: str) -> Call:
    row = KINDS[kind].schema()
    rows = {"type": "array", "items": row, "minItems": 1}
    return Call(
        name=f"push_{kind}",
        method="POST",
        path=f"/{kind}",
        scope=DATA_WRITE,
        about=f"Push {kind}: rows are read as they come, rows that cannot be taken are named, the others are kept. "
        f"At most {MOST_ROWS:,} rows in a call.",
        params=(
            Param(
                name="source",
                where="query",
                schema={"type": "string", "minLength": 1, "maxLength": 60, "pattern": r"^[\w .-]+$"},
                about="whose records these are, such as a line; each source is one dataset",
            ),
            Param(name="timezone", where="query", schema=ZONE, about="of the plant, for shifts and days; default UTC"),
            Param(
                name="replace",
                where="query",
                schema={"type": "boolean"},
                about="true: these rows take the place of the source's rows; default: they are added",
            ),
        ),
        takes={
            "application/json": {
                "anyOf": [rows, {"type": "object", "required": ["rows"], "properties": {"rows": rows}}]
            },
            "application/x-ndjson": {"type": "string", "description": "one such object a line", "contentSchema": row},
            "text/csv": {"type": "string", "description": "UTF-8; the first record names the fields"},
        },
        answers={201: PUSHED},
    )


CALLS: tuple[Call, ...] = (
    _push("stops"),
    _push("counts"),
    Call(
        name="upload_file",
        method="POST",
        path="/uploads",
        scope=DATA_WRITE,
        about="Upload a file; it waits, sealed, until its columns are confirmed on the page or by the call below.",
        params=(
            Param(
                name="name",
                where="query",
                schema={"type": "string", "minLength": 1, "maxLength": 200},
                about="what the file is called",
            ),
        ),
        takes={
            **{media: {} for media in FILES},
            "multipart/form-data": shape({"file": {"type": "string", "format": "binary"}}, more=True),
        },
        answers={201: shape({"upload": ID})},
    ),
    Call(
        name="list_uploads",
        method="GET",
        path="/uploads",
        scope=DATA_READ,
        about="List the files that wait for confirmation, newest first.",
        answers={200: shape({"uploads": listed(UPLOAD)})},
    ),
    Call(
        name="read_upload",
        method="GET",
        path="/uploads/{upload}",
        scope=DATA_WRITE,
        about="Say what is understood of a file that waits: the JSON of `mingsuan read`.",
        params=(_id("upload", "a file that waits"), *_READ_UPLOAD),
        answers={200: {key: value for key, value in reading_schema().items() if key != "$schema"}},
    ),
    Call(
        name="confirm_upload",
        method="POST",
        path="/uploads/{upload}/dataset",
        scope=DATA_WRITE,
        about="Keep the mapped columns of a file as a dataset and erase the file.",
        params=(_id("upload", "a file that waits"),),
        takes={"application/json": CONFIRMATION},
        answers={201: DATASET},
    ),
    Call(
        name="list_datasets",
        method="GET",
        path="/datasets",
        scope=DATA_READ,
        about="List the datasets, newest first; those in force are what the baseline rests on.",
        answers={200: shape({"datasets": listed(DATASET)})},
    ),
    Call(
        name="show_dataset",
        method="GET",
        path="/datasets/{dataset}",
        scope=DATA_READ,
        about="Show one dataset: its columns, facts and findings, not its rows.",
        params=(_id("dataset", "a dataset"),),
        answers={200: DATASET},
    ),
    Call(
        name="list_scenarios",
        method="GET",
        path="/scenarios",
        scope=STUDIES_READ,
        about="List the scenarios that are planned, oldest first.",
        answers={200: shape({"scenarios": listed(SCENARIO)})},
    ),
    Call(
        name="start_study",
        method="POST",
        path="/studies",
        scope=STUDIES_WRITE,
        about="Start a study of planned scenarios against the line in force; follow it at the address in Location.",
        takes={"application/json": STUDY_WISH},
        answers={202: shape({"study": ID, "state": {"const": "queued"}})},
    ),
    Call(
        name="follow_study",
        method="GET",
        path="/studies/{study}",
        scope=STUDIES_READ,
        about="Say how far a study is.",
        params=(_id("study", "a study"),),
        answers={200: STUDY},
    ),
    Call(
        name="cancel_study",
        method="POST",
        path="/studies/{study}/cancel",
        scope=STUDIES_WRITE,
        about="Ask a study to stop; what it found until then is kept.",
        params=(_id("study", "a study"),),
        answers={202: shape({"study": ID})},
    ),
    Call(
        name="study_result",
        method="GET",
        path="/studies/{study}/result",
        scope=STUDIES_READ,
        about="Fetch the result of a study: bands and differences by key figure and scenario. 409 until it is done.",
        params=(_id("study", "a study"),),
        answers={200: shape({"id": ID, "rough": YES, "scenarios": listed(ANY)}, more=True)},
    ),
    Call(
        name="read_disclosures",
        method="GET",
        path="/disclosures",
        scope=DISCLOSURES_READ,
        about="For the sales side: read what was released to the account's owner and is not withdrawn; nothing else.",
        answers={200: shape({"disclosures": listed(DISCLOSURE)})},
    ),
)

SCOPES: Mapping[str, str] = {
    DATA_WRITE: "push records, upload files",
    DATA_READ: "list datasets",
    STUDIES_WRITE: "start and stop studies",
    STUDIES_READ: "follow studies, fetch results",
    DISCLOSURES_READ: "read what was released to sales",
}
REFUSALS: Mapping[int, str] = {
    400: "the request cannot be read",
    401: "no token, or one that has ended or was revoked",
    403: "the token's scopes do not reach this far",
    404: "there is no such value here",
    409: "it does not fit the present state; try again later",
    411: "the length is missing",
    413: "too large",
    415: "not a media type that this call takes",
    422: "understood, but it cannot be done as asked; `problems` says where",
    429: "too often; wait for the seconds in Retry-After",
    500: "a fault of ours, which was noted",
    503: "busy; wait for the seconds in Retry-After",
}


@cache
def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for call in CALLS:
        paths.setdefault(f"{BASE}{call.path}", {})[call.method.lower()] = _operation(call)
    form = {"application/x-www-form-urlencoded": {"schema": _TOKEN_FORM}}
    paths[TOKEN_PATH] = {
        "post": {
            "operationId": "fetch_token",
            "summary": "Fetch an access token with client credentials (RFC 6749); it lives for fifteen minutes.",
            "security": [{"client": []}, {}],
            "requestBody": {"required": True, "content": form},
            "responses": {"200": _content(_TOKEN), **_refusals(400, 401, 413, 429, 500)},
        }
    }
    form = {"application/x-www-form-urlencoded": {"schema": _REVOKE_FORM}}
    paths[REVOKE_PATH] = {
        "post": {
            "operationId": "revoke_token",
            "summary": "Make a token worthless (RFC 7009).",
            "security": [{"client": []}, {}],
            "requestBody": {"required": True, "content": form},
            "responses": {"200": _content({"type": "object"}), **_refusals(400, 401, 413, 429, 500)},
        }
    }
    return paths


_SECRET = {"client_id": {"type": "string"}, "client_secret": {"type": "string"}}
_TOKEN_FORM = shape(
    {"grant_type": {"const": "client_credentials"}},
    {"scope": {"type": "string", "description": "some of the account's scopes; default: all"}, **_SECRET},
    more=True,
)
_REVOKE_FORM = shape({"token": {"type": "string"}}, {"token_type_hint": {"type": "string"}, **_SECRET}, more=True)
_TOKEN = shape(
    {"access_token": WORDS, "token_type": {"const": "Bearer"}, "expires_in": {"type": "integer"}, "scope": WORDS}
)


def openapi(origin: str, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the API at an address."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mingsuan",
            "version": version,
            "description": "Records in, studies and results out. Each token belongs to one tenant. Errors are problem "
            "documents (RFC 9457). A write with an Idempotency-Key is done once: sent again within a day it gets the "
            "same answer; sent with another body it is refused.",
        },
        "servers": [{"url": origin}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": f"{origin}{TOKEN_PATH}", "scopes": dict(SCOPES)}},
                },
                "client": {"type": "http", "scheme": "basic"},
            },
            "schemas": {"Problem": PROBLEM_SCHEMA},
        },
    }


def _operation(call: Call) -> dict[str, Any]:
    params = [
        {"name": one.name, "in": one.where, "required": one.required, "schema": one.schema, "description": one.about}
        for one in call.params
    ]
    if call.writes:
        params.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "pattern": KEY, "maxLength": 200},
                "description": "a new one for each write; the same one when it is sent again",
            }
        )
    found = {
        "operationId": call.name,
        "summary": call.about,
        "security": [{"token": [call.scope]}],
        "parameters": params,
        "responses": {
            **{str(status): _content(answer) for status, answer in call.answers.items()},
            **_refusals(*REFUSALS),
        },
    }
    if call.takes:
        content = {media: {"schema": wanted} for media, wanted in call.takes.items()}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _content(answer: Schema) -> dict[str, Any]:
    return {"description": "done", "content": {"application/json": {"schema": answer}}}


def _refusals(*statuses: int) -> dict[str, Any]:
    problem: Sequence[tuple[str, Any]] = ((PROBLEM, {"schema": {"$ref": "#/components/schemas/Problem"}}),)
    return {str(status): {"description": REFUSALS[status], "content": dict(problem)} for status in statuses}
