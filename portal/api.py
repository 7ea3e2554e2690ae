"""Routes outside Streamlit: health, metrics, the shell's files, the page frame, uploads and downloads, the outbox."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import streamlit
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from portal import (
    actions_audit,
    actions_checks,
    actions_copies,
    actions_data,
    actions_documents,
    actions_house,
    actions_journey,
    actions_lineage,
    actions_oversight,
    actions_value,
)
from portal.api_calls import ApiRoutes
from portal.checking import CheckRoutes
from portal.front import SHELL, front_page, markup
from portal.gate import Gate
from portal.identity import Role
from portal.landing import LandingRoutes
from portal.mail import Outbox
from portal.navigation import pages_of
from portal.oidc import Relations
from portal.problems import header, problem, problem_of, wants_page
from portal.released_files import MEDIA as MEDIA_OF_RELEASES
from portal.sessions import Session
from portal.signin import CALLBACK, SignInRoutes, refusal
from portal.text import language, t
from portal.trying import TryRoutes
from portal.unsubscribing import UnsubscribeRoutes
from portal.wiring import Portal
from templates.forms import form, forms

log = logging.getLogger("mingsuan.api")

DOCUMENTS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}

MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(slots=True)
class Routes:
    """Everything that is not Streamlit's, as one list of routes."""

    portal: Portal
    more: list[BaseRoute] = field(default_factory=list)
    _frame: dict[str, str] = field(default_factory=dict)

    def site(self) -> Starlette:
        origin = self.portal.settings.origin
        routes: list[BaseRoute] = [
            Route("/healthz", self.health),
            Route("/readyz", self.ready),
            Route("/metrics", self.metrics),
            Route("/shell/{name}", self.shell),
            Route("/favicon.ico", self.mark),
            Route("/favicon.png", self.mark),
            *SignInRoutes(portal=self.portal, relations=Relations(redirect_uri=f"{origin}{CALLBACK}")).routes(),
            *TryRoutes().routes(),
            *LandingRoutes(portal=self.portal).routes(),
            *CheckRoutes(portal=self.portal).routes(),
            *UnsubscribeRoutes(portal=self.portal).routes(),
            *ApiRoutes(portal=self.portal).routes(),
            *self.more,
            Route("/files/upload", self.upload, methods=["PUT"]),
            Route("/files/form", self.form),
            Route("/files/evidence", self.evidence, methods=["PUT"]),
            Route("/files/log", self.log),
            Route("/files/workspace", self.workspace),
            Route("/files/value", self.workbook),
            Route("/files/document", self.document),
            Route("/files/page", self.page),
            Route("/files/released", self.released),
            Route("/files/report", self.report),
            Route("/files/own-log", self.own_log),
            Route("/files/lineage", self.lineage),
            Route("/", self.frame),
            Route("/{page}", self.frame),
        ]
        if self.portal.settings.demo:
            routes.insert(0, Route("/outbox", self.outbox))
        handlers: dict[Any, Any] = {HTTPException: _http_error, Exception: _fault}
        return Starlette(routes=routes, exception_handlers=handlers)

    # --- is it alive -------------------------------------------------------------------------------------------------

    async def health(self, request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Ready when the database answers."""
        del request
        good = await to_thread.run_sync(self.portal.store.ready)
        return JSONResponse({"status": "ready" if good else "not ready"}, status_code=200 if good else 503)

    async def metrics(self, request: Request) -> Response:
        """Counters for Prometheus: totals of this process, nothing about a tenant or a person.

        Open in the demo; elsewhere for the bearer of MINGSUAN_METRICS_TOKEN and for system administrators.
        """
        settings = self.portal.settings
        session: Session | None = request.scope["portal_session"]
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        allowed = (
            settings.demo
            or (bool(settings.metrics_token) and hmac.compare_digest(given.encode(), settings.metrics_token.encode()))
            or (session is not None and session.member.role is Role.SYSTEM_ADMIN)
        )
        if not allowed:
            return problem(401, "sign_in_first")
        gate: Gate = request.scope["portal_gate"]
        lines = []
        for name, value in sorted(gate.counts.items()):
            lines += [f"# TYPE mingsuan_{name}_total counter", f"mingsuan_{name}_total {value}"]
        lines += ["# TYPE mingsuan_open_tabs gauge", f"mingsuan_open_tabs {gate.tabs.count}"]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")

    # --- the frame around the pages ----------------------------------------------------------------------------------

    async def shell(self, request: Request) -> Response:
        path = SHELL / Path(request.path_params["name"]).name
        if path.suffix not in MEDIA or not path.is_file():
            return problem(404, "not_found")
        return FileResponse(path, media_type=MEDIA[path.suffix], headers={"Cache-Control": "public, max-age=300"})

    async def mark(self, request: Request) -> Response:
        del request
        return FileResponse(SHELL / "mark.svg", media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    async def frame(self, request: Request) -> Response:
        """The document that Streamlit's front end lives in, in the reader's language and with our own style."""
        session: Session | None = request.scope["portal_session"]
        theirs = [entry.name for entry in pages_of(session.member.role)] if session is not None else []
        page = request.path_params.get("page", "")
        if page not in {"", *theirs}:
            return refusal(404, "not_found") if wants_page(request.scope) else problem(404, "not_found")
        if page and page == theirs[0]:
            return RedirectResponse(f"/?{request.url.query}".rstrip("?"))  # Streamlit knows its first page as / only
        tag = language()
        if tag not in self._frame:
            index = Path(streamlit.__file__).parent / "static" / "index.html"
            self._frame[tag] = framed(index.read_text(encoding="utf-8"), tag)
        return HTMLResponse(self._frame[tag], headers={"Cache-Control": "no-store"})

    # --- files -------------------------------------------------------------------------------------------------------

    async def form(self, request: Request) -> Response:
        """A small sample file of a kind of table, in the reader's language: `?kind=`."""
        kind = request.query_params.get("kind", "")
        if kind not in forms():
            return problem(404, "not_found")
        head = {"Content-Disposition": f'attachment; filename="{kind}.csv"', "Cache-Control": "no-store"}
        return Response(form(kind, language()), media_type="text/csv; charset=utf-8", headers=head)

    async def upload(self, request: Request) -> Response:
        """Take a file of the signed-in member: the body is the file, `?name=` what it is called.

        It is sealed before it touches a disk. Answers `{"upload": id}`.
        """
        session: Session = request.scope["portal_session"]
        name = Path(request.query_params.get("name", "").replace("\\", "/")).name[:200]
        if not name:
            return problem(400, "bad_request")
        data = await request.body()
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        upload = await to_thread.run_sync(lambda: actions_data.stage_upload(workspace, data, name=name))
        return JSONResponse({"upload": upload}, status_code=201)

    async def evidence(self, request: Request) -> Response:
        """Take a file as evidence of an answer: `?checklist=`, `?control=` and `?name=`. Answers `{"evidence": id}`."""
        session: Session = request.scope["portal_session"]
        asked = request.query_params
        name = Path(asked.get("name", "").replace("\\", "/")).name[:200]
        if not name or not asked.get("control"):
            return problem(400, "bad_request")
        data = await request.body()
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        kept = await to_thread.run_sync(
            lambda: actions_checks.attach_evidence(
                workspace, control=asked["control"], data=data, name=name, checklist=asked.get("checklist", "")
            )
        )
        return JSONResponse({"evidence": kept}, status_code=201)

    async def log(self, request: Request) -> Response:
        """The audit log as one file that verifies offline."""
        session: Session = request.scope["portal_session"]
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        data = await to_thread.run_sync(lambda: actions_audit.export_log(workspace))
        head = {"Content-Disposition": 'attachment; filename="mingsuan-log.ndjson"', "Cache-Control": "no-store"}
        return Response(data, media_type="application/x-ndjson", headers=head)

    async def workspace(self, request: Request) -> Response:
        """Everything of the owner's workspace as one ZIP."""
        session: Session = request.scope["portal_session"]
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        data = await to_thread.run_sync(lambda: actions_house.export_workspace(workspace))
        head = {"Content-Disposition": 'attachment; filename="workspace.zip"', "Cache-Control": "no-store"}
        return Response(data, media_type="application/zip", headers=head)

    async def workbook(self, request: Request) -> Response:
        """The case of a scenario as a spreadsheet with live formulas."""
        session: Session = request.scope["portal_session"]
        asked = request.query_params
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        data = await to_thread.run_sync(
            lambda: actions_value.take_workbook(
                workspace, scenario=asked.get("scenario", "")[:80], claims=asked.get("claims") == "1"
            )
        )
        head = {"Content-Disposition": 'attachment; filename="value.xlsx"', "Cache-Control": "no-store"}
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return Response(data, media_type=kind, headers=head)

    async def released(self, request: Request) -> Response:
        """A released result as a file with its watermark: `?id=` and `?form=`; for its tenant and for its recipient."""
        session: Session = request.scope["portal_session"]
        form, name = request.query_params.get("form", "json")[:8], request.query_params.get("id", "")[:40]
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        take = actions_copies.take_disclosure if session.member.vendor else actions_copies.take_release
        data = await to_thread.run_sync(lambda: take(workspace, name, form=form))
        head = {"Content-Disposition": f'attachment; filename="release.{form}"', "Cache-Control": "no-store"}
        return Response(data, media_type=MEDIA_OF_RELEASES[form], headers=head)

    async def document(self, request: Request) -> Response:
        """The decision memo of a scenario as a file: `?form=`, `?language=`, `?scenario=`, `?claims=`."""
        session: Session = request.scope["portal_session"]
        asked = request.query_params
        form, tag = asked.get("form", "")[:8], asked.get("language", "")[:16]
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        data = await to_thread.run_sync(
            lambda: actions_documents.take_document(
                workspace,
                form=form,
                language=tag,
                scenario=asked.get("scenario", "")[:80],
                claims=asked.get("claims") == "1",
            )
        )
        name = f"mingsuan-memo.{'zh-CN' if tag == 'zh-CN' else 'en'}.{form}"
        head = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(data, media_type=DOCUMENTS[form], headers=head)

    async def page(self, request: Request) -> Response:
        """One page of the memo as a picture: `?page=`, `?language=`, `?scenario=`, `?claims=`."""
        session: Session = request.scope["portal_session"]
        asked = request.query_params
        number = asked.get("page", "")
        if not number.isascii() or not number.isdigit() or len(number) > 3:
            return problem(400, "bad_request")
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        data = await to_thread.run_sync(
            lambda: actions_documents.show_document(
                workspace,
                language=asked.get("language", "")[:16],
                page=int(number),
                scenario=asked.get("scenario", "")[:80],
                claims=asked.get("claims") == "1",
            )
        )
        return Response(data, media_type="image/png", headers={"Cache-Control": "no-store"})

    async def own_log(self, request: Request) -> Response:
        """A tenant's own entries of the log with their proofs."""
        session: Session = request.scope["portal_session"]
        workspace = self.portal.workspace(session.member)
        data = await to_thread.run_sync(lambda: actions_journey.take_log(workspace))
        head = {"Content-Disposition": 'attachment; filename="own-log.json"', "Cache-Control": "no-store"}
        return Response(data, media_type="application/json", headers=head)

    async def lineage(self, request: Request) -> Response:
        """Where a number comes from, as OpenLineage JSON: `?field=` and `?release=`."""
        session: Session = request.scope["portal_session"]
        field, release = request.query_params.get("field", "")[:40], request.query_params.get("release", "")[:40]
        workspace = self.portal.workspace(session.member)
        data = await to_thread.run_sync(lambda: actions_lineage.take_lineage(workspace, field, release=release))
        head = {"Content-Disposition": 'attachment; filename="lineage.json"', "Cache-Control": "no-store"}
        return Response(data, media_type="application/json", headers=head)

    async def report(self, request: Request) -> Response:
        """A report of the officer as a signed file: `?kind=`, `?name=` and `?form=`."""
        session: Session = request.scope["portal_session"]
        asked = request.query_params
        kind, name, form = asked.get("kind", "")[:16], asked.get("name", "")[:40], asked.get("form", "pdf")[:8]
        workspace = self.portal.workspace(session.member, proved_at=session.proved_at)
        data = await to_thread.run_sync(lambda: actions_oversight.take_report(workspace, kind, name=name, form=form))
        head = {"Content-Disposition": f'attachment; filename="{kind}.{form}"', "Cache-Control": "no-store"}
        return Response(data, media_type=actions_oversight.MEDIA[form], headers=head)

    # --- the demo's mail ---------------------------------------------------------------------------------------------

    async def outbox(self, request: Request) -> Response:
        """The mails that the demo would have sent."""
        del request
        mailer = self.portal.mailer
        rows = [
            markup(
                '<article><div class="small">{at} · {to}</div><b>{subject}</b><pre>{body}</pre></article>',
                at=at.strftime("%Y-%m-%d %H:%M:%S UTC"),
                to=mail.to,
                subject=mail.subject,
                body=mail.body,
            )
            for at, mail in (mailer.mails() if isinstance(mailer, Outbox) else [])
        ]
        body = "".join(rows) or markup('<p class="small">{words}</p>', words=t("shell.outbox_empty"))
        lead = markup("<p>{words}</p>", words=t("shell.outbox_lead"))
        return front_page(t("shell.outbox"), lead + body, next_page="/outbox", wide=True)


def framed(index: str, tag: str) -> str:
    """Streamlit's index page with our language, title, mark, style and script, and without its own script and notes."""
    head, _, rest = index.partition("<script>")
    _, _, rest = rest.partition("</script>")
    scripts = "".join(f'<script src="/shell/{name}.js"></script>' for name in ("shell", "upload", "replay"))
    page = head + scripts + '<link rel="stylesheet" href="/shell/shell.css">' + rest
    page = page.replace('<html lang="en">', f'<html lang="{tag}">').replace("./static/", "/static/")
    page = _without(page, "<!--", "-->")
    page = _without(page, "<noscript>", "</noscript>")
    page = _without(page, '<link rel="service-desc"', "/>")
    page = _without(page, "<title>", "</title>")
    page = page.replace('<link rel="shortcut icon" href="./favicon.png" />', "")
    own = f'<title>{t("shell.product")}</title><link rel="icon" href="/shell/mark.svg" type="image/svg+xml">'
    return page.replace("<head>", f"<head>{own}", 1).replace(
        "</body>", f"<noscript>{t('shell.needs_script')}</noscript></body>"
    )


def _without(page: str, start: str, end: str) -> str:
    while start in page:
        before, _, rest = page.partition(start)
        page = before + rest.partition(end)[2]
    return page


# --- errors ----------------------------------------------------------------------------------------------------------


async def _http_error(request: Request, error: HTTPException) -> Response:
    code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "bad_request")
    if wants_page(request.scope):
        return refusal(error.status_code, code)
    return problem(error.status_code, code, headers=error.headers)


async def _fault(request: Request, error: Exception) -> Response:
    """Refusals of our folders become problem documents; anything else is our fault and says nothing about itself."""
    told = problem_of(error)
    if told is not None:
        by_hand = request.method == "GET" and header(request.scope, b"sec-fetch-mode") == "navigate"
        if getattr(error, "code", "") == "step_up_needed" and by_hand:  # the download begins after the fresh proof
            return RedirectResponse(f"/auth/again?next={quote(request.scope['path'], safe='')}", status_code=303)
        return told
    log.error("fault in %s: %s", request.scope.get("route", request.scope["path"][:2]), type(error).__name__)
    return problem(500, "fault") if not wants_page(request.scope) else refusal(500, "fault")
