"""The words of letters to subscribers of the status page: what people wrote stands in them as text, never as markup."""

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from urllib.parse import urlsplit

from services.notifications.ports import News, SubscriberLetter
from services.notifications.templates import PRODUCT, Content

_SUBJECT_MAX = 150
_BODY_MAX = 8_000
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "webhook_gone": "it answered that it is gone (410)",
        "webhook_failing": "it took none of our messages for three days",
    }
)


_SWITCHED_OFF: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "webhook": (
            "webhook",
            "your webhook",
            "What it missed is kept. Once it works again, let it go on and send again what it missed.",
            "See the deliveries",
        ),
        "slack": (
            "Slack channel",
            "your Slack channel",
            "What it missed stands on the status page. Once it works again, let it go on.",
            "See the subscription",
        ),
        "email": (
            "mail",
            "this mailbox",
            "What you missed stands on the status page. Once your mailbox takes our letters again, let them go on.",
            "See the subscription",
        ),
    }
)


def confirmation(to: SubscriberLetter, public_url: str) -> Content:
    """Return the letter with the link that confirms a subscription."""
    what = {
        "webhook": f"news of our status page sent to a webhook at {_host(to.target)}",
        "slack": "news of our status page posted to a Slack channel",
    }.get(to.channel, "news of our status page by mail")
    until = f"{to.expires_at:%d %B %Y, %H:%M} UTC" if to.expires_at else "it is used"
    return _letter(
        f"Confirm your subscription to {PRODUCT} status",
        public_url,
        before=(f"somebody, probably you, asked for {what}.", "Nothing is sent before you confirm it."),
        action=("Confirm the subscription", f"{public_url}/status/subscribe/confirm/{to.confirm_token}/"),
        after=(
            f"The link is good until {until}.",
            "If it was not you, you need not do anything: without this link you hear nothing more from us.",
        ),
    )


def reminder(to: SubscriberLetter, public_url: str) -> Content:
    """Return the letter with the link that manages a subscription."""
    return _letter(
        f"Your subscription to {PRODUCT} status",
        public_url,
        before=(
            "somebody, probably you, asked for news of our status page. You have this subscription already.",
            "Here is the link that changes, pauses or ends it. Keep it to yourself.",
        ),
        action=("Manage the subscription", f"{public_url}/status/subscribe/manage/{to.manage_token}/"),
        after=("If it was not you, you need not do anything.",),
    )


def warning(to: SubscriberLetter, public_url: str) -> Content:
    """Return the letter that tells a subscriber that their news does not arrive any more."""
    reason = _REASONS.get(to.because, "it does not take our messages")
    what, where, kept, see = _SWITCHED_OFF.get(to.channel, _SWITCHED_OFF["email"])
    return _letter(
        f"Your status {what} was switched off",
        public_url,
        before=(
            f"we stopped sending news of our status page to {to.target or where}: {reason}.",
            kept,
        ),
        action=(see, f"{public_url}/status/subscribe/manage/{to.manage_token}/"),
        after=("If you do not need it any more, you need not do anything.",),
    )


def notice(to: SubscriberLetter, public_url: str) -> Content:
    """Return the letter with news; several pieces come as one."""
    several = len(to.news) > 1
    first = to.news[0]
    subject = f"{len(to.news)} updates of {PRODUCT} status" if several else f"[{first.standing}] {first.title}"
    stop = f"{public_url}/status/subscribe/stop/{to.stop_token}/"
    manage = f"{public_url}/status/subscribe/manage/{to.manage_token}/"
    foot = ("You get this because you subscribed to our status page.", f"Change or pause: {manage}", f"End: {stop}")
    text = [*(_news_text(each, public_url) for each in to.news), "\n".join(("--", *foot))]
    return Content(
        subject=_one_line(subject),
        text="\n\n".join(text) + "\n",
        html=_html(
            _one_line(subject),
            "".join(_news_html(each, public_url) for each in to.news),
            f'You get this because you subscribed to our status page. <a href="{escape(manage)}" style="color:#5b6070">'
            f'Change or pause</a> · <a href="{escape(stop)}" style="color:#5b6070">Unsubscribe</a>',
        ),
        unsubscribe_url=stop,
    )


def _news_text(news: News, public_url: str) -> str:
    lines = [
        news.title,
        f"{news.standing}, {news.at:%d %B %Y, %H:%M} UTC",
        f"Planned: {news.planned}" if news.planned else "",
        f"\n{news.body[:_BODY_MAX]}" if news.body else "",
        f"\nConcerns: {', '.join(news.components)}" if news.components else "",
        f"{public_url}{news.path}",
    ]
    return "\n".join(line for line in lines if line)


def _news_html(news: News, public_url: str) -> str:
    quiet = "margin:0 0 12px;color:#5b6070;font-size:14px"
    body = escape(news.body[:_BODY_MAX]).replace("\n", "<br>")
    link = f'<a href="{escape(public_url + news.path)}" style="color:#3d5bd9">Read it on the status page</a>'
    parts = [
        f'<p style="margin:0 0 4px;font-weight:650;font-size:18px">{escape(news.title)}</p>',
        f'<p style="{quiet}">{escape(news.standing)} · {news.at:%d %B %Y, %H:%M} UTC</p>',
        f'<p style="{quiet}">Planned: {escape(news.planned)}</p>' if news.planned else "",
        f'<p style="margin:0 0 12px;overflow-wrap:anywhere">{body}</p>' if body else "",
        f'<p style="{quiet}">Concerns: {escape(", ".join(news.components))}</p>' if news.components else "",
        f'<p style="margin:0 0 24px">{link}</p>',
    ]
    return "".join(parts)


def _letter(
    subject: str, public_url: str, *, before: Sequence[str], action: tuple[str, str], after: Sequence[str]
) -> Content:
    label, href = action
    text = ("Hello,", *before, f"{label}:\n{href}", *after, f"{PRODUCT}\n{public_url}")
    paragraphs = "".join(map(_paragraph, ("Hello,", *before)))
    button = (
        f'<p style="margin:24px 0"><a href="{escape(href)}" style="display:inline-block;padding:10px 18px;'
        f'border-radius:7px;background:#3d5bd9;color:#ffffff;text-decoration:none;font-weight:600">{escape(label)}</a>'
        f'</p><p style="margin:0 0 16px;color:#5b6070;font-size:13px;overflow-wrap:anywhere">{escape(href)}</p>'
    )
    return Content(
        subject,
        "\n\n".join(text) + "\n",
        _html(subject, paragraphs + button + "".join(map(_paragraph, after)), escape(public_url)),
    )


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 16px;overflow-wrap:anywhere">{escape(text)}</p>'


def _html(subject: str, body: str, foot: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>'
        '<body style="margin:0;padding:32px 16px;background:#f8f8fa;color:#1d2230;'
        'font:16px/1.5 Inter,system-ui,-apple-system,sans-serif">'
        '<div style="max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border:1px solid #e3e4ea;'
        f'border-radius:12px"><p style="margin:0 0 24px;font-weight:650">{PRODUCT} status</p>{body}'
        f'<p style="margin:24px 0 0;color:#5b6070;font-size:13px">{foot}</p></div></body></html>'
    )


def _host(url: str) -> str:
    """Return an address's host: whoever gets this letter may not have written the rest of the address."""
    return urlsplit(url).hostname or "an address that somebody gave"


def _one_line(text: str) -> str:
    """Return a text that can stand in a header: no line ends, no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SUBJECT_MAX]
