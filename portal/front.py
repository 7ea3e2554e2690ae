"""The few pages outside Streamlit: sign-in, landing of a link, outbox, refusals. Plain HTML, no inline script."""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse, Response

from portal.text import LANGUAGES, language, t

SHELL = Path(__file__).with_name("shell")


def markup(template: str, **values: object) -> str:
    """Fill a template of HTML; every value is escaped."""
    return template.format_map({name: escape(str(value), quote=True) for name, value in values.items()})


def front_page(
    title: str,
    body: str,
    *,
    status: int = 200,
    languages: bool = True,
    next_page: str = "/",
    forward: str = "",
    wide: bool = False,
) -> Response:
    """A page with one card. `body` is HTML made by `markup`; `forward` is an address of ours to go to at once."""
    switch = ""
    if languages:
        links = [
            markup(
                '<a href="/auth/language?to={tag}&amp;back={back}" lang="{tag}">{name}</a>',
                tag=tag,
                name=name,
                back=next_page,
            )
            if tag != language()
            else markup('<b lang="{tag}">{name}</b>', tag=tag, name=name)
            for tag, name in LANGUAGES.items()
        ]
        switch = f'<nav class="languages" aria-label="{escape(t("shell.language"))}">{" ".join(links)}</nav>'
    refresh = markup('<meta http-equiv="refresh" content="0;url={to}">', to=forward) if forward else ""
    head = markup(
        '<!doctype html><html lang="{tag}"><head><meta charset="utf-8"><title>{title} · {product}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<link rel="icon" href="/shell/mark.svg" type="image/svg+xml"><link rel="stylesheet" href="/shell/front.css">',
        tag=language(),
        title=title,
        product=t("shell.product"),
    )
    top = markup(
        '<body><main class="{kind}"><header><img src="/shell/mark.svg" alt="" width="28" height="28">'
        "<span>{product}</span>",
        kind="wide" if wide else "narrow",
        product=t("shell.product"),
    )
    heading = markup("<h1>{title}</h1>", title=title)
    footer = markup("<footer>{words}</footer>", words=t("shell.promise"))
    return HTMLResponse(
        f"{head}{refresh}</head>{top}{switch}</header><section>{heading}{body}</section>{footer}</main></body></html>",
        status_code=status,
    )
