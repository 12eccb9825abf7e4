"""The sandbox's HTTP server: Stripe's paths, authentication and idempotency, and a door to set its behaviour."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, make_server

from payment_sandbox.objects import new_id
from payment_sandbox.processor import BEHAVIOURS, Call, Processor
from payment_sandbox.store import Json, Store
from payment_sandbox.webhooks import Messenger
from payment_sandbox.wire import API_VERSION, Refused, invalid, nested

KEY_MAX: Final = 255
KEPT_SECONDS: Final = 86_400
SILENCE_SECONDS: Final = 60.0
_BODY_BYTES: Final = 64 * 1024
_NOT_RUN: Final = frozenset({400, 404})
_FORM: Final = "application/x-www-form-urlencoded"
Handler = Callable[[Call], Json]


class Desk:
    """Takes requests one by one: who asks, whether it was asked before, what the answer is."""

    def __init__(self, store: Store, processor: Processor, api_key: str, clock: Callable[[], float]) -> None:
        self.store, self.processor = store, processor
        self._api_key, self._clock = api_key, clock
        self.stopping = threading.Event()

    def authorise(self) -> None:
        """Refuse whoever does not hold the key.

        Raises: Refused.
        """
        given = request.authorization
        token = (given.token or given.username or "") if given else ""
        if not token:
            raise Refused(401, "invalid_request_error", "You did not provide an API key.")
        if not hmac.compare_digest(token.encode(), self._api_key.encode()):
            raise Refused(401, "invalid_request_error", "Invalid API Key provided.")

    def answer(self, handler: Handler, *, changes: bool) -> Response:
        """Carry a request out, or repeat what it was answered before."""
        request_id = new_id("req")
        try:
            self.authorise()
            self._misbehave()
            if changes and request.mimetype not in {"", _FORM}:
                raise invalid("The Stripe API takes form-encoded bodies.")
            fields = request.form if changes else request.args
            call = Call(
                account=request.headers.get("Stripe-Account", "")[:KEY_MAX],
                given=nested(fields.items(multi=True)),
                request_id=request_id,
                key=request.headers.get("Idempotency-Key") if changes else None,
            )
            status, body, replayed = self._once(handler, call)
        except Refused as refused:
            status, body, replayed = refused.status, refused.body, False
        response = _json(body, status)
        response.headers["Request-Id"] = request_id
        response.headers["Stripe-Version"] = API_VERSION
        if replayed:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    def _misbehave(self) -> None:
        mode = self.processor.behaviour("charges")
        if mode == "error":
            raise Refused(500, "api_error", "An unknown error occurred.")
        if mode == "silent":
            self.stopping.wait(SILENCE_SECONDS)
            raise Refused(500, "api_error", "An unknown error occurred.")

    def _once(self, handler: Handler, call: Call) -> tuple[int, Json, bool]:
        if call.key is None:
            with self.store.changing():
                return *_carried_out(handler, call), False
        if not 1 <= len(call.key) <= KEY_MAX:
            raise invalid("Idempotency-Key must be between 1 and 255 characters.")
        key, fingerprint, now = f"{call.account} {call.key}", _fingerprint(call), self._clock()
        with self.store.changing():
            known = self.store.answer_of(key, kept_since=now - KEPT_SECONDS)
            if known and known.fingerprint != fingerprint:
                message = "Keys for idempotent requests can only be used with the parameters of their first use."
                raise Refused(400, "idempotency_error", message)
            if known and known.body is not None and known.status is not None:
                return known.status, known.body, True
            self.store.begin_answer(key, fingerprint, now)
            status, body = _carried_out(handler, call)
            if status in _NOT_RUN:
                self.store.forget_answer(key)  # what never began may be asked again under its key
            else:
                self.store.finish_answer(key, status, body)
            return status, body, False


def _carried_out(handler: Handler, call: Call) -> tuple[int, Json]:
    """Run a request; a refusal is an answer too, and what it wrote is kept."""
    try:
        return 200, handler(call)
    except Refused as refused:
        return refused.status, refused.body


def application(desk: Desk) -> Flask:
    """Return the sandbox as a WSGI application."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined] # the default provider has it
    processor = desk.processor

    @app.post("/v1/payment_intents")
    def create_intent() -> Response:
        return desk.answer(processor.create_intent, changes=True)

    @app.get("/v1/payment_intents")
    def list_intents() -> Response:
        return desk.answer(lambda c: processor.listed("payment_intent", "/v1/payment_intents", c), changes=False)

    @app.get("/v1/payment_intents/<intent_id>")
    def show_intent(intent_id: str) -> Response:
        return desk.answer(lambda c: processor.intent(intent_id, c), changes=False)

    @app.post("/v1/payment_intents/<intent_id>/confirm")
    def confirm_intent(intent_id: str) -> Response:
        return desk.answer(lambda c: processor.confirm_intent(intent_id, c), changes=True)

    @app.post("/v1/payment_intents/<intent_id>/cancel")
    def cancel_intent(intent_id: str) -> Response:
        return desk.answer(lambda c: processor.cancel_intent(intent_id, c), changes=True)

    @app.post("/v1/payouts")
    def create_payout() -> Response:
        return desk.answer(processor.create_payout, changes=True)

    @app.get("/v1/payouts")
    def list_payouts() -> Response:
        return desk.answer(lambda c: processor.listed("payout", "/v1/payouts", c), changes=False)

    @app.get("/v1/payouts/<payout_id>")
    def show_payout(payout_id: str) -> Response:
        return desk.answer(lambda c: processor.payout(payout_id, c), changes=False)

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response:
        status = error.code or 500
        message = f"Unrecognized request URL ({request.method}: {request.path[:200]})."
        refused = invalid(message if status in {404, 405} else str(error.description), status=status)
        return _json(refused.body, status)

    _add_control(app, desk)
    return app


def _add_control(app: Flask, desk: Desk) -> None:
    """Add what Stripe does not have: whether it works, and how it is to behave."""

    @app.get("/health")
    def health() -> Response:
        broken = desk.processor.behaviour("charges") in {"error", "silent"}
        return _json({"status": "failing" if broken else "ok"}, 503 if broken else 200)

    @app.route("/_sandbox/behaviour", methods=["GET", "POST"])
    def behave() -> Response:
        try:
            desk.authorise()
            for name, value in request.form.items() if request.method == "POST" else ():
                if value not in BEHAVIOURS.get(name, ()):
                    known = "; ".join(f"{n}: {', '.join(v)}" for n, v in BEHAVIOURS.items())
                    raise invalid(f"There is no behaviour {name[:40]}={value[:40]}; known: {known}.", param=name[:40])
                with desk.store.changing():
                    desk.store.behave(name, value)
        except Refused as refused:
            return _json(refused.body, refused.status)
        return _json({name: desk.processor.behaviour(name) for name in BEHAVIOURS}, 200)


def _fingerprint(call: Call) -> str:
    said = json.dumps([request.method, request.path, call.given], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _json(body: Json, status: int) -> Response:
    return Response(json.dumps(body, indent=2), status=status, content_type="application/json")


class Sandbox:
    """A running sandbox: its server and its messenger, each in a thread.

    Raises: OSError where the port is taken.
    """

    def __init__(
        self,
        path: Path,
        *,
        port: int,
        api_key: str,
        webhook_url: str = "",
        webhook_secret: str = "",
        payout_median_seconds: float = 5.0,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
    ) -> None:
        self.store = Store(path)
        self.store.forget_unfinished()
        self.processor = Processor(self.store, clock, payout_median_seconds=payout_median_seconds)
        self._desk = Desk(self.store, self.processor, api_key, clock)
        self.messenger = Messenger(self.store, self.processor, clock, url=webhook_url, secret=webhook_secret)
        self._server: BaseWSGIServer = make_server(host, port, application(self._desk), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="sandbox", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._server.host}:{self._server.port}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()
        self.messenger.start()

    def stop(self) -> None:
        """End; what was kept stays in the file."""
        self._desk.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self.messenger.stop()
        self.store.close()
