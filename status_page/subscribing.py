"""The routes of subscribing: forms that work without a script, links that open one subscription each."""

import dataclasses
from collections.abc import Mapping

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.components.views import ComponentsView
from services.kernel.errors import Conflict, DomainError, Gone, Invalid, NotFound, RateLimited
from services.public import PublicServices
from services.subscribers import Channel, Choices, SubscriptionDoor
from status_page.frame import PublicPages, Written
from status_page.pages.subscribe import (
    COMPONENT_FIELD,
    SUBSCRIBE,
    Given,
    confirm_page,
    confirmed_page,
    over_page,
    sent_page,
    subscribe_page,
)
from status_page.pages.subscription import stop_page, subscription_page
from status_page.snapshot import Snapshot
from status_page.supplied import said
from web.shell.csrf import csrf_token
from web.shell.languages import with_language
from web.shell.problems import problem_of
from web.shell.routes import PUBLIC, route
from web.shell.sessions import client
from web.ui.language import _
from web.ui.static import StaticManifest

_TEXT_MAX = 1_000
_SHORT = {"choose", "pause", "resume", "test", "replay"}
_BODY_BYTES = 131_072


def register(server: Flask, public: PublicServices, snapshot: Snapshot, manifest: StaticManifest) -> None:
    """Put subscribing on a server, where the installation has it."""
    if public.subscriptions is not None:
        pages = PublicPages(public, snapshot, manifest)
        server.register_blueprint(_Subscribing(public, public.subscriptions, snapshot, pages).blueprint())


class _Subscribing:
    """The views, over one door."""

    def __init__(self, public: PublicServices, door: SubscriptionDoor, snapshot: Snapshot, pages: PublicPages) -> None:
        self._public, self._door, self._snapshot, self._pages = public, door, snapshot, pages
        self._visitor = public.visitor

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        made = Blueprint("status_subscribe", __name__)
        form = {"access": PUBLIC, "translated": True, "methods": ("POST",), "body_bytes": _BODY_BYTES}
        route(made, SUBSCRIBE, access=PUBLIC, translated=True, endpoint="subscribe")(self.subscribe)
        route(made, SUBSCRIBE, endpoint="subscribe_sent", **form)(self.asked)  # type: ignore[arg-type] # the three above
        route(made, f"{SUBSCRIBE}sent/", access=PUBLIC, translated=True, endpoint="sent")(self.sent)
        confirm, manage = f"{SUBSCRIBE}confirm/<token>/", f"{SUBSCRIBE}manage/<token>/"
        stop = f"{SUBSCRIBE}stop/<token>/"
        route(made, confirm, access=PUBLIC, translated=True, endpoint="confirm")(self.confirm)
        route(made, confirm, endpoint="confirmed", **form)(self.confirmed)  # type: ignore[arg-type] # the three above
        route(made, manage, access=PUBLIC, translated=True, endpoint="manage")(self.manage)
        route(made, manage, endpoint="managed", **form)(self.managed)  # type: ignore[arg-type] # the three above
        route(made, stop, access=PUBLIC, translated=True, endpoint="stop")(self.stop)
        # RFC 8058: the mail program posts without cookie or form of ours; the token alone is the authority.
        route(made, stop, endpoint="stopped", csrf=False, anonymous=True, **form)(self.stopped)  # type: ignore[arg-type] # the three above
        return made

    def subscribe(self) -> AnyResponse:
        """Show the form."""
        return self._form(_channel(request.args.get("by")), Given())

    def asked(self) -> AnyResponse:
        """Take a request in; the answer is the same for everybody."""
        channel, email, target = _channel(request.form.get("channel")), _text("email"), _text("target")
        try:
            self._door.requests.ask(
                self._visitor,
                channel=channel,
                email=email,
                target=target,
                choices=_choices(),
                client_address=client().address,
            )
        except (Invalid, RateLimited) as refusal:
            given = Given(email, target, _choices_or_none(), _errors(refusal))
            return self._form(channel, given, problem_of(refusal).status)
        return _away(f"{SUBSCRIBE}sent/")

    def sent(self) -> AnyResponse:
        """Say what comes next."""
        return self._answer(Written(sent_page(), _("Look into your mailbox"), live=False))

    def confirm(self, token: str) -> AnyResponse:
        """Ask whether to confirm."""
        try:
            pending = self._door.requests.look_at(self._visitor, token=token)
        except (NotFound, Gone) as refusal:
            return self._over(refusal)
        tree = confirm_page(pending.channel, pending.target, request.path, csrf_token(), confirmed=pending.confirmed)
        return self._answer(Written(tree, _("Confirm your subscription"), live=False))

    def confirmed(self, token: str) -> AnyResponse:
        """Confirm."""
        try:
            found = self._door.requests.confirm(self._visitor, token=token)
        except (NotFound, Gone) as refusal:
            return self._over(refusal)
        tree = confirmed_page(f"{SUBSCRIBE}manage/{found.manage_token}/", found.secret)
        return self._answer(Written(tree, _("You are subscribed"), live=False))

    def manage(self, token: str) -> AnyResponse:
        """Show one's own subscription."""
        done = request.args.get("done", "")
        return self._own(token, done=done if done in _SHORT else "")

    def managed(self, token: str) -> AnyResponse:
        """Change it."""
        own, what = self._door.own, _text("action")
        try:
            if what == "rotate":
                return self._own(token, secret=own.rotate(self._visitor, token=token))
            if what == "stop":
                own.stop(self._visitor, token=token)
                return self._answer(Written(stop_page("", ended=True), _("You are unsubscribed"), live=False))
            self._act(what, token)
        except Gone as refusal:
            return self._over(refusal)
        except (Conflict, Invalid, NotFound) as refusal:
            return self._own(token, refused=said(refusal.message), status=problem_of(refusal).status)
        return _away(f"{request.path}?done={what}")

    def stop(self, token: str) -> AnyResponse:
        """Show one button: a link alone ends nothing, since mail scanners follow links."""
        return self._answer(Written(stop_page(request.path, ended=False), _("Unsubscribe"), live=False))

    def stopped(self, token: str) -> AnyResponse:
        """End a subscription with one click."""
        try:
            self._door.own.stop(self._visitor, token=token)
        except NotFound as refusal:
            return self._over(refusal)
        return self._answer(Written(stop_page("", ended=True), _("You are unsubscribed"), live=False))

    def _act(self, what: str, token: str) -> None:
        own = self._door.own
        match what:
            case "choose":
                own.choose(self._visitor, token=token, choices=_choices())
            case "pause":
                own.pause(self._visitor, token=token)
            case "resume":
                own.resume(self._visitor, token=token)
            case "test":
                own.test(self._visitor, token=token)
            case "replay":
                own.replay(self._visitor, token=token, message_id=_text("message_id"))
            case _:
                raise Invalid("action_unknown", "Choose one of the buttons.")

    def _own(
        self, token: str, *, done: str = "", secret: str | None = None, refused: str = "", status: int = 200
    ) -> AnyResponse:
        try:
            view = self._door.own.subscription(self._visitor, token=token)
        except (NotFound, Gone) as refusal:
            return self._over(refusal)
        tree = subscription_page(
            view,
            self._components(),
            action=request.path,
            csrf_token=csrf_token(),
            now=self._public.clock.now(),
            done=done,
            secret=secret,
            refused=refused,
        )
        return self._answer(Written(tree, _("Your subscription"), live=False), status=status)

    def _form(self, channel: Channel, given: Given, status: int = 200) -> AnyResponse:
        tree = subscribe_page(channel, given, self._components(), csrf_token())
        title = _("Error: Subscribe") if given.errors else _("Subscribe")
        return self._answer(Written(tree, title, _("Hear of incidents and maintenance."), live=False), status=status)

    def _over(self, refusal: DomainError) -> AnyResponse:
        title = _("This link cannot be used")
        written = Written(over_page(title, said(refusal.message)), title, live=False)
        return self._answer(written, status=problem_of(refusal).status)

    def _answer(self, written: Written, *, status: int = 200) -> Response:
        # It belongs to none of the places in the navigation.
        response = self._pages.answer(dataclasses.replace(written, under="/"), status)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        # Not `no-referrer`: the browser would then send its form with `Origin: null`, which nobody may.
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    def _components(self) -> ComponentsView:
        return self._snapshot.state().components


def _channel(text: str | None) -> Channel:
    return Channel(text) if text in set(Channel) else Channel.EMAIL


def _choices() -> Choices:
    ids = frozenset(name.removeprefix(COMPONENT_FIELD) for name in request.form if name.startswith(COMPONENT_FIELD))
    return Choices(
        component_ids=ids,
        min_impact=_text("min_impact") or "none",
        maintenance="maintenance" in request.form,
        component_changes="component_changes" in request.form,
    )


def _choices_or_none() -> Choices:
    try:
        return _choices()
    except Invalid:
        return Choices()


def _errors(refusal: DomainError) -> Mapping[str, str]:
    if isinstance(refusal, Invalid) and refusal.fields:
        return {"target" if name == "url" else name: said(words) for name, words in refusal.fields.items()}
    return {"": said(refusal.message)}


def _text(name: str) -> str:
    return request.form.get(name, "")[:_TEXT_MAX]


def _away(path: str) -> AnyResponse:
    response = redirect(with_language(path), 303)
    response.headers["Cache-Control"] = "no-store"
    return response
