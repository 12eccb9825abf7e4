"""The demo's mailbox: every mail that would have left, for staff to read."""

import re

from dash import html
from flask import Blueprint
from werkzeug.wrappers import Response

from account.answers import HOME, PRODUCT, demo, page
from account.mailbox import KeptMail, Mailbox
from account.paths import MAILBOX, SECURITY
from account.ports import Account
from services.kernel.errors import NotFound
from web.shell.routes import route
from web.ui import button, card, facts, link, page_head, public_frame
from web.ui.figures import timestamp
from web.ui.grid import Column, data_grid, with_sub
from web.ui.layout import mono
from web.ui.nodes import Node
from web.ui.panels import Empty

_LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,])")
_READERS = "notifications.read"


def add(blueprint: Blueprint, account: Account, mailbox: Mailbox) -> None:
    """Declare the routes."""

    @route(blueprint, MAILBOX, access=_READERS)
    def mails() -> Response:
        return _list(account, mailbox.latest())

    @route(blueprint, f"{MAILBOX}/<name>", access=_READERS)
    def mail(name: str) -> Response:
        found = mailbox.find(name)
        if found is None:
            raise NotFound("mail_unknown", "This mail is not kept any more.")
        return _one(account, found)


def _list(account: Account, mails: list[KeptMail]) -> Response:
    now = account.services.clock.now()
    grid = data_grid(
        mails,
        [
            Column[KeptMail]("subject", "Mail", lambda m: with_sub(link(m.subject, f"{MAILBOX}/{m.name}"), m.to)),
            Column[KeptMail]("received", "Received", lambda m: timestamp(m.received_at, now=now)),
            Column[KeptMail]("correlation", "Correlation id", lambda m: mono(m.correlation_id), priority=2),
        ],
        caption="Mails",
        noun="mailbox",
        row_key=lambda m: m.name,
        empty=Empty("No mail yet", "Ask for a new password, or invite somebody, and the letter appears here."),
    )
    lead = "This installation is a demo: its mails stay here instead of leaving."
    return _framed(account, "Mailbox", [page_head("Mailbox", lead=lead), card(grid, flush=True)])


def _one(account: Account, mail: KeptMail) -> Response:
    parts = [link(part, part) if _LINK.fullmatch(part) else part for part in _LINK.split(mail.text)]
    head = facts({"To": mail.to, "Received": timestamp(mail.received_at), "Correlation id": mono(mail.correlation_id)})
    body = html.Div(parts, style={"whiteSpace": "pre-wrap", "overflowWrap": "anywhere"})
    back = button("All mails", href=MAILBOX)
    return _framed(account, mail.subject, [page_head(mail.subject, actions=back), card(head), card(body)])


def _framed(account: Account, title: str, children: Node) -> Response:
    frame = public_frame(
        children,
        name=PRODUCT,
        home_href=HOME,
        path=MAILBOX,
        action=button("Your account", href=SECURITY),
        demo=demo(account),
    )
    return page(account, title, frame)
