"""A report as one page that needs nothing else: it opens from a memory stick in a closed plant."""

from __future__ import annotations

import base64
from hashlib import sha256
from html import escape

from templates.drawings import svg
from templates.report import FOLDER, Block, Bullets, Chart, Heading, Numbers, Paragraph, Report, Table


def write_html(report: Report) -> bytes:
    """The report as one HTML file; its own policy forbids it to fetch or run anything."""
    style = (FOLDER / "report.css").read_text("utf-8")
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    pages = "".join(
        f'<div class="page">{_blocks(page, level=2)}</div>' if at else _blocks(page, level=2)
        for at, page in enumerate(report.front)
    )
    annex = "".join(
        f'<section aria-labelledby="{_attribute(one.id)}"><h3 id="{_attribute(one.id)}">{escape(one.title)}</h3>'
        f"{_blocks(one.blocks, level=4)}</section>"
        for one in report.annex
    )
    if annex:
        annex = f'<div class="page"><h2>{escape(report.annex_title)}</h2>{annex}</div>'
    sample = f'<p class="sample">{escape(report.sample)}</p>' if report.sample else ""
    text = (
        f'<!doctype html>\n<html lang="{_attribute(report.language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_attribute(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(report.title)}</title><style>{style}</style></head><body><main>"
        f'<div class="kind">{escape(report.kind)}</div><h1>{escape(report.title)}</h1>'
        f'<div class="about">{escape(report.about)}</div>{sample}{pages}{annex}'
        f"<footer>{escape(report.footer)}</footer></main></body></html>\n"
    )
    return text.encode()


def _attribute(text: str) -> str:
    return escape(text, quote=True)


def _blocks(blocks: tuple[Block, ...], *, level: int) -> str:
    return "".join(_block(one, level) for one in blocks)


def _block(one: Block, level: int) -> str:
    match one:
        case Heading(text=text):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text=text, kind=kind):
            return f'<p class="{_attribute(kind)}">{escape(text)}</p>'
        case Bullets(items=items):
            return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"
        case Chart(drawing=drawing):
            return f"<figure>{svg(drawing)}</figure>"
        case Numbers(items=items):
            shown = "".join(
                f'<li><span>{escape(n.label)}</span><b><a href="#n-{_attribute(n.id)}">{escape(n.value)}</a>'
                + (f'<span class="tier">{escape(n.tier)}</span>' if n.tier else "")
                + f"</b><span>{escape(n.note)}</span></li>"
                for n in items
            )
            return f'<ul class="numbers">{shown}</ul>'
        case Table():
            return _table(one)


def _table(one: Table) -> str:
    def side(at: int) -> str:
        return ' class="right"' if at in one.right else ""

    head = "".join(f'<th scope="col"{side(at)}>{escape(words)}</th>' for at, words in enumerate(one.headers))
    rows = []
    for place, row in enumerate(one.rows):
        name = f' id="n-{_attribute(one.ids[place])}"' if one.ids else ""
        rows.append(f"<tr{name}>{''.join(f'<td{side(at)}>{escape(cell)}</td>' for at, cell in enumerate(row))}</tr>")
    tall = ' class="tall"' if one.tall else ""
    body = "".join(rows)
    return f'<div class="scroll"><table{tall}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
