"""Keys per subject, wrapped by a master key, so that destroying one key erases what it sealed.

Source: Tink (AES-256-GCM AEAD); the associated data binds a ciphertext to the place where it stands.
"""

import base64
import hmac
from datetime import datetime

import tink
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, SessionTransaction
from tink import aead, json_proto_keyset_format, proto_keyset_format, secret_key_access

from services.infra.db import Base, PersonalData, UtcDateTime, column, empty_write_ahead_log
from services.kernel.clock import Clock
from services.kernel.errors import Gone, Invalid

aead.register()


class SubjectKeyRow(Base):
    """One subject's keyset, encrypted by the master key; destroying it leaves the row as proof."""

    __tablename__ = "crypto_subject_keys"

    subject_id: Mapped[str] = column(PersonalData.SUBJECT_ID, primary_key=True)
    wrapped_keyset: Mapped[bytes | None] = column(PersonalData.NONE)
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    destroyed_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


def new_master_keyset() -> str:
    """Return a fresh master keyset as Tink's JSON."""
    handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    return str(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def master_key(keyset: str) -> aead.Aead:
    """Return the key that a master keyset holds.

    Raises: Invalid where the text is no such keyset.
    """
    try:
        return json_proto_keyset_format.parse(keyset, secret_key_access.TOKEN).primitive(aead.Aead)
    except tink.TinkError as error:
        name = "GREENLIGHT_MASTER_KEYSET"
        raise Invalid("setting_invalid", f"{name}: is no Tink keyset for AEAD.", setting=name) from error


class Vault:
    """Seals and opens personal values under their subject's own key, and digests values for look-up."""

    def __init__(self, master_keyset: str, secret_key: str, clock: Clock) -> None:
        self._master = master_key(master_keyset)
        self._digest_key = hmac.digest(secret_key.encode(), b"greenlight:digest\x01", "sha256")
        self._clock = clock

    def seal(self, session: Session, subject_id: str, value: str, place: str) -> str:
        """Return the value as ciphertext under the subject's key, bound to the place where it will stand.

        Raises: Gone where the subject was erased; Invalid where their key does not open.
        """
        sealed = self._key(session, subject_id, create=True).encrypt(value.encode(), _bound(subject_id, place))
        return base64.b64encode(sealed).decode()

    def open(self, session: Session, subject_id: str, sealed: str, place: str) -> str:
        """Return the value in clear.

        Raises: Gone where the subject was erased; Invalid where the ciphertext was changed or moved.
        """
        key = self._key(session, subject_id, create=False)
        try:
            return bytes(key.decrypt(base64.b64decode(sealed, validate=True), _bound(subject_id, place))).decode()
        except (tink.TinkError, ValueError) as error:
            raise Invalid("sealed_value_broken", f"The sealed value at {place} does not open.", place=place) from error

    def destroy(self, session: Session, subject_id: str) -> None:
        """Destroy the subject's key: everything sealed under it can never be read again."""
        self._row(session, subject_id)
        row = session.get_one(SubjectKeyRow, subject_id, with_for_update=True, populate_existing=True)
        row.wrapped_keyset, row.destroyed_at = None, row.destroyed_at or self._clock.now()
        self.scrub_after(session)

    def scrub_after(self, session: Session) -> None:
        """Remove what the database keeps of older pages, which hold destroyed keys, as soon as this session commits."""
        if not event.contains(session, "after_transaction_end", _scrub):
            event.listen(session, "after_transaction_end", _scrub)

    def digest(self, purpose: str, value: str) -> str:
        """Return a keyed digest by which equal values are found without being kept in clear."""
        return hmac.digest(self._digest_key, f"{purpose}\x00{value}".encode(), "sha256").hex()

    def _key(self, session: Session, subject_id: str, *, create: bool) -> aead.Aead:
        row = self._row(session, subject_id) if create else session.get(SubjectKeyRow, subject_id)
        if row is None or row.wrapped_keyset is None:
            raise Gone("subject_erased", "This person's data was erased.", subject_id=subject_id)
        try:
            handle = proto_keyset_format.parse_encrypted(row.wrapped_keyset, self._master, subject_id.encode())
        except tink.TinkError as error:
            message = "This person's key does not open: is GREENLIGHT_MASTER_KEYSET the one that it was made with?"
            raise Invalid("subject_key_broken", message, subject_id=subject_id) from error
        return handle.primitive(aead.Aead)

    def _row(self, session: Session, subject_id: str) -> SubjectKeyRow:
        """Return the subject's row, made with a fresh key where there was none."""
        found = session.get(SubjectKeyRow, subject_id)
        if found is not None:
            return found
        handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
        wrapped = proto_keyset_format.serialize_encrypted(handle, self._master, subject_id.encode())
        row = SubjectKeyRow(subject_id=subject_id, wrapped_keyset=wrapped, created_at=self._clock.now())
        session.flush()  # so that only this row can fail in the savepoint
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:  # another process made it first
            return session.get_one(SubjectKeyRow, subject_id, populate_existing=True)
        return row


def _scrub(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        empty_write_ahead_log(session.get_bind().engine)


def _bound(subject_id: str, place: str) -> bytes:
    return f"{subject_id}\x00{place}".encode()
