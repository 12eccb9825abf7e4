"""Mail addresses in one form."""

import re
import unicodedata

from services.kernel.errors import Invalid

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def mailbox_of(address: str) -> str:
    """Return the address of the mailbox behind a normalised one: without its +tag, which leads to the same person."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def normalise_email(text: str) -> str:
    """Return the one form of an address under which it is stored and found.

    Raises: Invalid for what is no deliverable address.
    """
    local, _, domain = unicodedata.normalize("NFKC", text).strip().rpartition("@")
    try:
        address = f"{local.lower()}@{domain.encode('idna').decode().lower()}"
    except UnicodeError:
        address = ""
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    if dots or len(address) > 254 or not _EMAIL.fullmatch(address):  # noqa: PLR2004 -- RFC 5321 §4.5.3.1.3, less brackets
        message = "Write an e-mail address such as name@example.com."
        raise Invalid("email_invalid", message, fields={"email": message})
    return address
