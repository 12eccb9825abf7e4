"""Pure rules of identity: addresses, names, passwords, waiting times, one-time codes."""

import hmac
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

import pyotp
from zxcvbn import zxcvbn

from services.kernel.clock import to_epoch_ms
from services.kernel.errors import Invalid

PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX = 12, 128
PASSWORD_SCORE_MIN = 3
"""zxcvbn's "safely unguessable": about 10^8 guesses, far beyond what the waiting times allow."""
NAME_LENGTH_MAX = 80
WAIT_SECONDS_MAX = 900
FORGIVEN_AFTER = timedelta(hours=24)
STEP_SECONDS = 30
STEPS_OF_DRIFT = 1

_ZXCVBN_LENGTH_MAX = 72
_PRODUCT = ("greenlight", "green", "light")


def normalise_name(text: str) -> str:
    """Return a display name in one form.

    Raises: Invalid for an empty or overlong one, or one with control characters.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= NAME_LENGTH_MAX or any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in name):
        message = f"Write a name of 1 to {NAME_LENGTH_MAX} characters."
        raise Invalid("name_invalid", message, fields={"name": message})
    return name


def normalise_password(text: str) -> str:
    """Return the one form of a password that is hashed, so that any keyboard gives the same.

    Source: NIST SP 800-63B-4 §3.1.1.2.
    """
    return unicodedata.normalize("NFKC", text)


def check_new_password(password: str, *, about: Sequence[str] = ()) -> None:
    """Refuse a password that is too short, too long or easy to guess, without rules about its characters.

    `about` are words that a guesser knows: the address, the name.

    Raises: Invalid with the field `password`.
    Source: NIST SP 800-63B-4 §3.1.1.2.
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        raise _password("password_too_short", f"Use at least {PASSWORD_LENGTH_MIN} characters; a few words do well.")
    if len(password) > PASSWORD_LENGTH_MAX:
        raise _password("password_too_long", f"Use at most {PASSWORD_LENGTH_MAX} characters.")
    known = {part for text in about for part in (text.lower(), text.lower().partition("@")[0])}
    known |= {word for text in known for word in (*re.split(r"[\W_]+", text), re.sub(r"[\W_]+", "", text)) if word}
    verdict = zxcvbn(password[:_ZXCVBN_LENGTH_MAX], [*_PRODUCT, *sorted(known)])
    if verdict["score"] < PASSWORD_SCORE_MIN:
        raise _password("password_guessable", "This is easy to guess; a few unrelated words are better.")


def _password(code: str, message: str) -> Invalid:
    return Invalid(code, message, fields={"password": message})


def wait_seconds(failures: int, free: int) -> int:
    """Return how long the next try waits after so many failures: nothing at first, then doubling up to a cap."""
    if failures <= free:
        return 0
    return min(1 << min(failures - free - 1, 30), WAIT_SECONDS_MAX)


def step_at(at: datetime) -> int:
    """Return the time step of one-time codes at an instant.

    Source: RFC 6238 §4.
    """
    return to_epoch_ms(at) // (STEP_SECONDS * 1000)


def current_code(secret: str, at: datetime) -> str:
    """Return the one-time code of a secret at an instant."""
    return pyotp.TOTP(secret).generate_otp(step_at(at))


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step whose code this is, allowing one step of drift either way; nothing where none matches."""
    given = re.sub(r"[\s-]", "", code)
    totp, now, found = pyotp.TOTP(secret), step_at(at), None
    for step in range(now - STEPS_OF_DRIFT, now + STEPS_OF_DRIFT + 1):
        if step >= 0 and hmac.compare_digest(totp.generate_otp(step).encode(), given.encode()):
            found = step
    return found


def normalise_recovery_code(code: str) -> str:
    """Return a recovery code without the hyphens and spaces that people read it by."""
    return re.sub(r"[\s-]", "", code).lower()


def device_label(user_agent: str) -> str:
    """Return what a person calls their browser, such as `Firefox on Linux`."""
    browsers = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in user_agent), "Unknown browser")
    system = next((name for mark, name in systems if mark in user_agent), None)
    return f"{browser} on {system}" if system else browser
