"""Tokens of links in letters, derived from a row's id by a server key: only the id travels and is stored."""

import hmac

import sqlalchemy as sa

from services.identity.tables import ResetRow
from services.infra.crypto import Vault
from services.infra.uow import Scope
from services.kernel.errors import NotFound
from services.kernel.ids import is_id


class Links:
    """Makes the tokens of single-use links, and reads them back."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def token(self, row_id: str) -> str:
        """Return the token that opens the link of a row."""
        return f"{row_id}.{self._vault.digest('identity.link', row_id)}"

    def row_id(self, token: str, prefix: str) -> str:
        """Return the id of the row that a token opens.

        Raises: NotFound for a forged or damaged token.
        """
        row_id, _, _ = token.partition(".")
        if is_id(row_id, prefix) and hmac.compare_digest(self.token(row_id).encode(), token.encode()):
            return row_id
        raise NotFound("link_unknown", "This link is not valid. Open it again from the letter, or ask for a new one.")


def close_resets(scope: Scope, user_id: str) -> None:
    """Use up the open reset links of a person, so that none outlives the account that it was asked for."""
    unused = sa.update(ResetRow).where(ResetRow.user_id == user_id, ResetRow.used_at.is_(None))
    scope.session.execute(unused.values(used_at=scope.uow.clock.now()))
