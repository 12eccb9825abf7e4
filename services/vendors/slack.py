"""Slack by its incoming webhooks: what people wrote is posted as plain text, which Slack does not read as markup.

Source: Slack API, "Sending messages using incoming webhooks" (errors, rate limits), Block Kit (lengths).
"""

from typing import Any, Final
from urllib.parse import urlsplit

from slack_sdk.webhook import WebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from services.infra.http import refuse_in_transaction
from services.kernel.errors import Invalid
from services.subscribers.ports import SlackPost, SlackRefused, SlackUnavailable

_TIMEOUT_SECONDS: Final = 15
_BUSY: Final = 429
_FAULTS_FROM: Final = 500
_OK: Final = 200
_URL_MAX: Final = 300
_RETRY_AFTER_MAX: Final = 600


class SlackWebhooks:
    """Posts to channels; goes to Slack's own address and nowhere else, whatever a subscriber gave."""

    def __init__(self, base_url: str, *, timeout_seconds: int = _TIMEOUT_SECONDS) -> None:
        self._base, self._timeout_seconds = urlsplit(base_url), timeout_seconds

    def checked(self, url: str) -> str:
        """Return an incoming webhook's address in the form in which it is kept.

        Raises: Invalid for what is none.
        """
        given = url.strip()
        message = f"Write an incoming webhook's address, such as {self._base.scheme}://{self._base.netloc}/services/…"
        try:
            parts = urlsplit(given)
        except ValueError as error:
            raise Invalid("slack_url_invalid", message, fields={"target": message}) from error
        same = (parts.scheme, parts.netloc) == (self._base.scheme, self._base.netloc)
        plain = given.isascii() and given.isprintable() and " " not in given and len(given) <= _URL_MAX
        if not (same and plain and parts.path.startswith("/services/")) or parts.query or parts.fragment:
            raise Invalid("slack_url_invalid", message, fields={"target": message})
        return given

    def post(self, url: str, post: SlackPost) -> None:
        """Post to the channel of an incoming webhook.

        Raises: SlackRefused, SlackUnavailable.
        """
        refuse_in_transaction("Slack")
        client = WebhookClient(self.checked(url), timeout=self._timeout_seconds)
        try:
            answer = client.send(text=_plain(post.title), blocks=_blocks(post), unfurl_links=False, unfurl_media=False)
        except (OSError, ValueError) as error:
            raise SlackUnavailable("slack_unreachable", "Slack does not answer.") from error
        _check(answer)


def _check(answer: WebhookResponse) -> None:
    if answer.status_code == _OK:
        return
    if answer.status_code == _BUSY:
        wait = str(answer.headers.get("Retry-After") or answer.headers.get("retry-after") or "")
        seconds = min(int(wait), _RETRY_AFTER_MAX) if wait.isascii() and wait.isdigit() else 30
        raise SlackUnavailable("slack_busy", "Slack asks us to wait.", retry_after_seconds=seconds)
    if answer.status_code >= _FAULTS_FROM:
        raise SlackUnavailable(f"slack_{answer.status_code}", "Slack does not take this now.")
    word = "".join(c for c in answer.body[:40] if c.isascii() and (c.isalnum() or c == "_"))
    raise SlackRefused(f"slack_{word or answer.status_code}", "Slack refuses this webhook.")


def _blocks(post: SlackPost) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _text(post.title)}]
    blocks += [{"type": "section", "text": _text(line)} for line in post.lines if line.strip()]
    link = {"type": "mrkdwn", "text": f"<{post.link}|Read it on the status page>"}
    return [*blocks, {"type": "context", "elements": [link]}]


def _text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _plain(text: str) -> str:
    """Return a text that says the same in Slack's markup, for the line that notifications show."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
