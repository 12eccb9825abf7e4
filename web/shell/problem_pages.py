"""Problems as pages that people read: the same facts, in a plain document that needs nothing else to work.

They are in the reader's language where the route is; what programs read stays English.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from web.shell.problem_kinds import KINDS
from web.ui.language import _, current

_UNAUTHENTICATED = 401

_STYLE = """
:root{color-scheme:light dark;--ground:#fbfbfc;--ink:#16181d;--quiet:#5c6370;--line:#e3e5ea;--accent:#3355cc}
@media (prefers-color-scheme:dark){:root{--ground:#101216;--ink:#eceef2;--quiet:#9aa1ae;--line:#2a2e37;
--accent:#8ba4ff}}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 Inter,"Inter Variable",system-ui,sans-serif}
header{padding:16px 24px;border-bottom:1px solid var(--line)}
header a{color:var(--ink);font-weight:650;letter-spacing:-.01em;text-decoration:none}
header a::before{content:"";display:inline-block;width:.62em;height:.62em;margin-right:.5em;border-radius:50%;
background:#1a7f4b}
main{max-width:38rem;margin:0 auto;padding:14vh 24px 48px}
h1{font-size:1.6rem;line-height:1.25;letter-spacing:-.015em;margin:0 0 12px}
p{margin:0 0 16px}.quiet,dt{color:var(--quiet)}a{color:var(--accent)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:28px 0 0;padding-top:20px;
border-top:1px solid var(--line);font-size:.875rem}dd{margin:0;overflow-wrap:anywhere}
code{font:0.875em "JetBrains Mono Variable",ui-monospace,monospace}
h2{font-size:1.05rem;margin:32px 0 4px}
"""


def page(title: str, body: Markup) -> str:
    """Return a whole document in the shell's own plain dress."""
    return str(
        Markup(
            '<!DOCTYPE html><html lang="{}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="robots" content="noindex"><link rel="icon" href="/favicon.ico">'
            "<title>{} · Greenlight</title><style>{}</style></head><body>"
            '<header><a href="/">Greenlight</a></header><main>{}</main></body></html>'
        ).format(current().code, title, Markup(_STYLE), body)  # noqa: S704 -- a constant of this file
    )


def problem_page(document: Mapping[str, Any], sign_in_path: str) -> str:
    """Return the page of a problem, from its problem details object."""
    fields = Markup("").join(
        Markup("<li><strong>{}</strong>: {}</li>").format(e["field"], _(str(e["message"]))) for e in document["errors"]
    )
    listed = Markup("<ul>{}</ul>").format(fields) if fields else Markup("")
    way_out = (
        Markup('<a href="{}">{}</a>').format(sign_in_path, _("Sign in"))
        if document["status"] == _UNAUTHENTICATED
        else Markup('<a href="/">{}</a>').format(_("Go to the start page"))
    )
    body = Markup(
        "<h1>{title}</h1><p>{detail}</p>{listed}<p>{way_out}</p>"
        "<dl><dt>{words[0]}</dt><dd><code>{reference}</code></dd><dt>{words[1]}</dt><dd><code>{trace}</code></dd>"
        '<dt>{words[2]}</dt><dd>{status} <a href="{type}"><code>{code}</code></a></dd></dl>'
    ).format(
        title=_(str(document["title"])),
        detail=_(str(document["detail"])),
        words=(_("Reference"), _("Trace"), _("Error")),
        listed=listed,
        way_out=way_out,
        reference=document["correlation_id"],
        trace=document["trace_id"],
        status=document["status"],
        type=document["type"],
        code=document["code"],
    )
    return page(_(str(document["title"])), body)


def kinds_page() -> str:
    """Return the page that problem types link to: every kind of problem, and what to do about it."""
    entries = Markup("").join(
        Markup(
            '<section><h2 id="{slug}">{status} {title}</h2><p>{advice} <span class="quiet">{retry}</span></p></section>'
        ).format(
            slug=kind.slug,
            status=kind.status,
            title=kind.title,
            advice=kind.advice,
            retry="Trying again may help." if kind.retryable else "Trying the same again does not help.",
        )
        for kind in KINDS
    )
    intro = Markup(
        "<h1>Errors</h1><p>Every error of Greenlight is a problem details object (RFC 9457) of one of these kinds. "
        "Its <code>code</code> says which error exactly, <code>detail</code> what to do, <code>correlation_id</code> "
        "is the reference to quote, and <code>retryable</code> whether the same request may succeed later.</p>{}"
    )
    return page("Errors", intro.format(entries))
