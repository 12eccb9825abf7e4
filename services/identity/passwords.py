"""Hashes of passwords by Argon2id; never computed while a transaction is open.

Source: OWASP Password Storage Cheat Sheet (Argon2id, 19 MiB, 2 passes, 1 lane); RFC 9106.
"""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from services.identity.rules import PASSWORD_LENGTH_MAX, normalise_password
from services.infra.uow import in_transaction


class Passwords:
    """Makes and checks hashes of passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """Return the hash of a new password.

        Raises: RuntimeError inside a transaction, which would hold the database meanwhile.
        """
        _refuse_in_transaction()
        return self._hasher.hash(normalise_password(password))

    def matches(self, known_hash: str | None, password: str) -> bool:
        """Tell whether this is the password; without a hash it takes as long, and the answer is no.

        Raises: RuntimeError inside a transaction.
        """
        _refuse_in_transaction()
        given = normalise_password(password[: PASSWORD_LENGTH_MAX * 4])
        try:
            found = self._hasher.verify(known_hash or self._decoy, given)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
        return found and known_hash is not None

    def outdated(self, known_hash: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known_hash)


def _refuse_in_transaction() -> None:
    if in_transaction():
        raise RuntimeError("A password is hashed inside a transaction: hash first, then store.")
