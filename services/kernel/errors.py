"""Errors in the domain's words; only the web shell knows which HTTP status each one becomes."""

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal that a caller can act on.

    `code` is stable and machine-readable, `message` says what to do next, `facts` carry what the message is about
    (never personal data or secrets), and `retryable` tells whether the same call may succeed later.
    """

    retryable = False

    def __init__(self, code: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """Let errors cross process boundaries, whatever their constructor takes."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[DomainError], args: tuple[object, ...], state: dict[str, object]) -> DomainError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class Invalid(DomainError):
    """The input is wrong; `fields` names what is wrong with which field."""

    def __init__(self, code: str, message: str, *, fields: Mapping[str, str] | None = None, **facts: object) -> None:
        super().__init__(code, message, **facts)
        self.fields: Mapping[str, str] = fields or {}


class Unauthenticated(DomainError):
    """Nobody is signed in, or the credentials are wrong."""


class Forbidden(DomainError):
    """The actor is known and may not do this."""


class NotFound(DomainError):
    """There is no such thing, or the actor may not know of it."""


class Conflict(DomainError):
    """The state of the thing does not allow this, or somebody else was first."""


class Gone(DomainError):
    """It existed and is over: a used link, an expired invitation, a closed session."""


class TooLarge(DomainError):
    """The input is larger than this door takes."""


class UnsupportedMedia(DomainError):
    """The input is of a kind that this door does not take."""


class RateLimited(DomainError):
    """Too much, too fast; try again after `retry_after_seconds`."""

    retryable = True

    def __init__(self, code: str, message: str, *, retry_after_seconds: int, **facts: object) -> None:
        super().__init__(code, message, retry_after_seconds=retry_after_seconds, **facts)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(DomainError):
    """Something that is needed does not answer now; trying again may help."""

    retryable = True

    def __init__(self, code: str, message: str, *, retry_after_seconds: int = 5, **facts: object) -> None:
        super().__init__(code, message, **facts)
        self.retry_after_seconds = retry_after_seconds
