"""The account surface's routes: where everybody signs in and guards their own account."""

from pathlib import Path

from flask import Blueprint, Flask, redirect
from werkzeug.wrappers import Response

from account.mailbox import Mailbox
from account.pages import invitation, reset, second_factor, security, sign_in
from account.pages import mailbox as mailbox_pages
from account.paths import SECURITY
from account.ports import Account
from services.facade import Services
from web.shell.routes import PUBLIC, route
from web.ui.static import StaticManifest


def register(server: Flask, services: Services, manifest: StaticManifest, mail_folder: Path | None = None) -> None:
    """Put the account surface on a server; `mail_folder` is where a demo's mail server keeps what it received."""
    mailbox = Mailbox(mail_folder) if mail_folder is not None and services.demo else None
    server.register_blueprint(account_blueprint(Account(services, manifest), mailbox))


def account_blueprint(account: Account, mailbox: Mailbox | None = None) -> Blueprint:
    """Return the pages of the account surface."""
    blueprint = Blueprint("account", __name__)
    for pages in (sign_in, second_factor, invitation, reset, security):
        pages.add(blueprint, account)
    if mailbox is not None:
        mailbox_pages.add(blueprint, account, mailbox)

    @route(blueprint, "/account/", access=PUBLIC)
    def start() -> Response:
        return redirect(SECURITY)

    @route(blueprint, "/.well-known/change-password", access=PUBLIC)
    def change_password() -> Response:
        # Source: W3C, "A Well-Known URL for Changing Passwords".
        return redirect(SECURITY)

    return blueprint
