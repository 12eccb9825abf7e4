"""The words of our letters, as plain text and as simple HTML from the same parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from types import MappingProxyType

from services.notifications.ports import Correspondent

PRODUCT = "Greenlight"

_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "fan": "a fan",
        "creator": "a creator",
        "affiliate": "an affiliate",
        "agency": "an agency member",
        "operator": "an operator",
        "compliance": "a compliance reviewer",
        "admin": "an administrator",
    }
)
_CHANGES: Mapping[str, str] = MappingProxyType(
    {
        "password_changed": "Your password was changed.",
        "password_reset": "Your password was replaced through a reset link.",
        "second_factor_enrolled": "An authenticator app was set up for your account.",
        "second_factor_removed": "The second factor was taken off your account.",
        "recovery_codes_renewed": "Your recovery codes were replaced by new ones.",
        "recovery_code_used": "A recovery code was used to sign in. It will not work again.",
        "roles_changed": "What you may do was changed by an administrator. Sign in again to go on.",
    }
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a letter says."""

    subject: str
    text: str
    html: str
    unsubscribe_url: str = ""


@dataclass(frozen=True, slots=True)
class _Letter:
    subject: str
    greeting: str
    before: tuple[str, ...]
    action: tuple[str, str] | None
    after: tuple[str, ...]


def invitation(to: Correspondent, public_url: str) -> Content:
    """Return the letter that invites a person."""
    where = f" for {to.organisation}" if to.organisation else ""
    return _written(
        _Letter(
            subject=f"Your invitation to {PRODUCT}",
            greeting="Hello,",
            before=(f"you are invited to {PRODUCT} as {_ROLES.get(to.role, to.role)}{where}.",),
            action=("Accept the invitation", f"{public_url}/account/invitation/{to.token}"),
            after=(
                f"The link works once, until {_instant(to.expires_at)}.",
                "If you did not expect this letter, you need not do anything.",
            ),
        ),
        public_url,
    )


def password_reset(to: Correspondent, public_url: str) -> Content:
    """Return the letter with the link for a new password."""
    return _written(
        _Letter(
            subject="Choose a new password",
            greeting=f"Hello {to.name},",
            before=("somebody, probably you, asked for a new password for your account.",),
            action=("Choose a new password", f"{public_url}/account/reset/{to.token}"),
            after=(
                f"The link works once, until {_instant(to.expires_at)}. Your old password works until then.",
                "If it was not you, you need not do anything: without this link nobody can change your password.",
            ),
        ),
        public_url,
    )


def account_secured(to: Correspondent, public_url: str, change: str, occurred_at: datetime) -> Content:
    """Return the letter that tells a person what changed about the guards of their account.

    Raises: KeyError for a change without words.
    """
    return _written(
        _Letter(
            subject="Your account's security has changed",
            greeting=f"Hello {to.name},",
            before=(_CHANGES[change], f"This happened at {_instant(occurred_at)}."),
            action=("See your account's security", f"{public_url}/account/security"),
            after=(
                f"If it was not you, choose a new password at once: {public_url}/account/reset.",
                "That also ends every sign-in.",
            ),
        ),
        public_url,
    )


def _instant(at: datetime | None) -> str:
    return f"{at:%d %B %Y, %H:%M} UTC" if at else "it is used"


def _written(letter: _Letter, public_url: str) -> Content:
    link = (f"{letter.action[0]}:\n{letter.action[1]}",) if letter.action else ()
    parts = (letter.greeting, *letter.before, *link, *letter.after, f"{PRODUCT}\n{public_url}")
    return Content(letter.subject, "\n\n".join(parts) + "\n", _html(letter, public_url))


def _html(letter: _Letter, public_url: str) -> str:
    def paragraph(text: str) -> str:
        return f'<p style="margin:0 0 16px">{escape(text)}</p>'

    button = ""
    if letter.action:
        label, href = letter.action
        button = (
            f'<p style="margin:24px 0"><a href="{escape(href)}" style="display:inline-block;padding:10px 18px;'
            f'border-radius:7px;background:#3d5bd9;color:#ffffff;text-decoration:none;font-weight:600">'
            f"{escape(label)}</a></p>"
            f'<p style="margin:0 0 16px;color:#5b6070;font-size:13px;overflow-wrap:anywhere">{escape(href)}</p>'
        )
    body = "".join(map(paragraph, (letter.greeting, *letter.before)))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(letter.subject)}</title></head>'
        '<body style="margin:0;padding:32px 16px;background:#f8f8fa;color:#1d2230;'
        'font:16px/1.5 Inter,system-ui,-apple-system,sans-serif">'
        '<div style="max-width:520px;margin:0 auto;padding:32px;background:#ffffff;'
        f'border:1px solid #e3e4ea;border-radius:12px"><p style="margin:0 0 24px;font-weight:650">{PRODUCT}</p>'
        f"{body}{button}{''.join(map(paragraph, letter.after))}"
        f'<p style="margin:24px 0 0;color:#5b6070;font-size:13px">{escape(public_url)}</p></div></body></html>'
    )
