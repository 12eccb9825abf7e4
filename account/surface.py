"""The account surface's routes: where everybody signs in and guards their own account."""

from flask import Blueprint, Flask, redirect
from werkzeug.wrappers import Response

from account.pages import invitation, reset, second_factor, security, sign_in
from account.paths import SECURITY
from account.ports import Account
from services.facade import Services
from web.shell.routes import PUBLIC, route
from web.ui.static import StaticManifest


def register(server: Flask, services: Services, manifest: StaticManifest) -> None:
    """Put the account surface on a server."""
    server.register_blueprint(account_blueprint(Account(services, manifest)))


def account_blueprint(account: Account) -> Blueprint:
    """Return the pages of the account surface."""
    blueprint = Blueprint("account", __name__)
    for pages in (sign_in, second_factor, invitation, reset, security):
        pages.add(blueprint, account)

    @route(blueprint, "/account/", access=PUBLIC)
    def start() -> Response:
        return redirect(SECURITY)

    @route(blueprint, "/.well-known/change-password", access=PUBLIC)
    def change_password() -> Response:
        # Source: W3C, "A Well-Known URL for Changing Passwords".
        return redirect(SECURITY)

    return blueprint
