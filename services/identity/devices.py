"""Cookies of devices that an account has signed in on: they earn a lane of their own for guesses, and nothing else."""

import hmac
import secrets

from services.infra.crypto import Vault

_NONCE_BYTES = 12


def device_token(vault: Vault, email_digest: str) -> str:
    """Return the token that a browser keeps after an account signed in on it."""
    nonce = secrets.token_hex(_NONCE_BYTES)
    return f"{nonce}.{_mac(vault, email_digest, nonce)}"


def known_device(vault: Vault, email_digest: str, token: str | None) -> str | None:
    """Return the device that a token stands for, where it was made for this account; nothing otherwise."""
    nonce, _, _ = (token or "").partition(".")
    if token and hmac.compare_digest(f"{nonce}.{_mac(vault, email_digest, nonce)}".encode(), token.encode()):
        return nonce
    return None


def _mac(vault: Vault, email_digest: str, nonce: str) -> str:
    return vault.digest("identity.device", f"{nonce}:{email_digest}")
