"""API keys: made and revoked by people, sent by programs as a bearer token.

A secret has 256 random bits, so a fast keyed digest with a salt of its own guards it as well as a slow hash would.
Source: RFC 6750 (bearer tokens); OWASP password storage (which speaks of guessable secrets).
"""

import contextlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, intake, query
from services.kernel.context import Actor, ApiKeyActor
from services.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from services.kernel.ids import new_id, secret_token
from services.kernel.paging import PAGE_SIZE_MAX, Page, PageRequest
from services.partners.tables import KeyRow
from services.partners.views import KeyView, NewKey

NAME_LENGTH_MAX = 80
USED_EVERY = timedelta(minutes=10)
"""How exactly `last_used_at` is kept."""
_TOKEN = re.compile(r"glk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_PREFIX = "key"


@dataclass(frozen=True, slots=True)
class KeyPowers:
    """What keys may be allowed.

    `shared` can be given by whoever holds it; `machine` only programs ever hold, so whoever manages keys may give it;
    `everybody` has every key, as anybody has it.
    """

    shared: frozenset[str]
    machine: frozenset[str]
    everybody: frozenset[str]
    words: Mapping[str, str]

    def offered(self, held: frozenset[str]) -> dict[str, str]:
        """Return what a holder of these permissions may give to a key, each with what it allows in words."""
        return {name: self.words[name] for name in sorted(self.machine | (self.shared & held))}


class Keys:
    """Makes, lists, revokes and recognises API keys."""

    def __init__(self, uow: UnitOfWork, powers: KeyPowers) -> None:
        self.uow, self.powers = uow, powers

    @command(permission="partners.manage")
    def create(
        self, actor: Actor, *, name: str, permissions: frozenset[str], expires_at: datetime | None = None
    ) -> NewKey:
        """Make a key; what it may do is at most what its maker may give.

        Raises: Invalid for a wrong name, permission or end.
        """
        scope, now = current(), self.uow.clock.now()
        label = _checked_name(name)
        refused = permissions - set(self.powers.offered(actor.permissions))
        if refused or not permissions:
            message = f"You cannot give this: {', '.join(sorted(refused))}." if refused else "Choose at least one."
            raise Invalid("key_permissions", message, fields={"permissions": message})
        if expires_at is not None and expires_at <= now:
            message = "Choose an end that lies ahead."
            raise Invalid("key_expired", message, fields={"expires_at": message})
        key_id, secret, salt = new_id(_PREFIX), secret_token(), secret_token()
        row = KeyRow(
            id=key_id,
            name=label,
            salt=salt,
            secret_digest=self._digest(salt, secret),
            permissions=sorted(permissions),
            made_by=actor.id,
            made_at=now,
            expires_at=expires_at,
        )
        scope.session.add(row)
        scope.note(key_id=key_id, name=label, permissions=sorted(permissions))
        return NewKey(key_id, f"glk_{key_id.removeprefix(f'{_PREFIX}_')}_{secret}")

    @command(permission="partners.manage")
    def revoke(self, actor: Actor, *, key_id: str) -> None:
        """End a key at once.

        Raises: NotFound; Conflict where it is revoked already.
        """
        scope = current()
        row = scope.session.get(KeyRow, key_id, with_for_update=True)
        if row is None:
            raise NotFound("key_unknown", "There is no such key.")
        if row.revoked_at is not None:
            raise Conflict("key_revoked", "This key is revoked already.")
        row.revoked_at = self.uow.clock.now()
        scope.note(key_id=key_id, name=row.name)

    @query(permission="partners.manage")
    def keys(self, actor: Actor, page: PageRequest) -> Page[KeyView]:
        """Return keys, the newest first."""
        chosen = sa.select(KeyRow).order_by(KeyRow.id.desc()).limit(page.size + 1)
        if page.after is not None:
            chosen = chosen.where(KeyRow.id < page.after)
        rows = list(current().session.scalars(chosen))
        now = self.uow.clock.now()
        shown = [_view(row, now) for row in rows[: page.size]]
        return Page(shown, shown[-1].id if len(rows) > page.size else None)

    @query(permission="partners.manage")
    def holders(self, actor: Actor, *, permission: str) -> list[KeyView]:
        """Return the active keys that may do something, by name."""
        now = self.uow.clock.now()
        alive = sa.select(KeyRow).where(KeyRow.revoked_at.is_(None)).order_by(KeyRow.name, KeyRow.id)
        rows = current().session.scalars(alive.limit(PAGE_SIZE_MAX))
        return [v for v in (_view(row, now) for row in rows) if v.state == "active" and permission in v.permissions]

    @query(permission="partners.manage")
    def offered(self, actor: Actor) -> dict[str, str]:
        """Return what an actor may give to a key, each with what it allows in words."""
        return self.powers.offered(actor.permissions)

    def authenticate(self, actor: Actor, token: str) -> ApiKeyActor | None:
        """Return whose key a token is, noting that it is in use; nothing for an unknown, expired or revoked one."""
        found = self.recognise(actor, token)
        if found is None:
            return None
        key, last_used_at = found
        if last_used_at is None or self.uow.clock.now() - last_used_at >= USED_EVERY:
            # A database that takes no writes now must not lock any program out.
            with contextlib.suppress(Unavailable):
                self.note_used(actor, key_id=key.key_id)
        return key

    @query(permission="partners.authenticate")
    def recognise(self, actor: Actor, token: str) -> tuple[ApiKeyActor, datetime | None] | None:
        """Return whose key a token is and when it was last noted; nothing where it is not good (any more)."""
        matched = _TOKEN.fullmatch(token)
        if matched is None:
            return None
        row = current().session.get(KeyRow, f"{_PREFIX}_{matched[1]}")
        # The same work for an unknown id, so that the time tells nobody which ids exist.
        salt, kept = (row.salt, row.secret_digest) if row else ("", "0" * 64)
        if not hmac.compare_digest(self._digest(salt, matched[2]), kept) or row is None:
            return None
        if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= self.uow.clock.now()):
            return None
        # What no key may have any more, since the product changed, this one has neither.
        allowed = frozenset(row.permissions) & (self.powers.shared | self.powers.machine)
        return ApiKeyActor(row.id, allowed | self.powers.everybody), row.last_used_at

    @intake(permission="partners.authenticate", unaudited_because="that a key is in use changes nothing of its owner's")
    def note_used(self, actor: Actor, *, key_id: str) -> None:
        """Note that a key is in use."""
        now = self.uow.clock.now()
        current().session.execute(sa.update(KeyRow).where(KeyRow.id == key_id).values(last_used_at=now))

    def _digest(self, salt: str, secret: str) -> str:
        return self.uow.vault.digest("partners.key", f"{salt}.{secret}")


def _checked_name(name: str) -> str:
    label = " ".join(name.split())
    if not label or len(label) > NAME_LENGTH_MAX or not label.isprintable():
        message = f"Give a name of 1 to {NAME_LENGTH_MAX} characters."
        raise Invalid("key_name", message, fields={"name": message})
    return label


def _view(row: KeyRow, now: datetime) -> KeyView:
    expired = row.expires_at is not None and row.expires_at <= now
    return KeyView(
        id=row.id,
        name=row.name,
        permissions=tuple(row.permissions),
        state="revoked" if row.revoked_at else "expired" if expired else "active",
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
