"""What payments store: prices, orders and their attempts, payouts, and the processor's notices. No card is stored."""

from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class PriceRow(Base):
    """What a title costs."""

    __tablename__ = "payments_prices"

    title_slug: Mapped[str] = column(PersonalData.NONE, sa.String(80), primary_key=True)
    amount_minor: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    currency: Mapped[str] = column(PersonalData.NONE, sa.String(3))
    priced_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)


class OrderRow(Base):
    """One order; title and price stand as they were when it was placed.

    `look_up_at` is when to ask the processor what became of it; `quiet_since` is when its buyer last did something.
    `network_digest` counts orders by where they came from, and is forgotten as soon as it no longer counts.
    """

    __tablename__ = "payments_orders"
    __table_args__ = (
        sa.Index("ix_payments_orders_state_quiet_since", "state", "quiet_since"),
        sa.Index("ix_payments_orders_network_digest_placed_at", "network_digest", "placed_at"),
    )

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    key_digest: Mapped[str] = column(PersonalData.CREDENTIAL, sa.String(64), unique=True)
    title_slug: Mapped[str] = column(PersonalData.NONE, sa.String(80))
    title: Mapped[str] = column(PersonalData.NONE, sa.String(500))
    amount_minor: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    currency: Mapped[str] = column(PersonalData.NONE, sa.String(3))
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8), index=True)
    state: Mapped[str] = column(PersonalData.NONE, sa.String(12))
    network_digest: Mapped[str | None] = column(PersonalData.PSEUDONYM, sa.String(64))
    placed_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    quiet_since: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    paid_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    processor_id: Mapped[str | None] = column(PersonalData.PSEUDONYM, sa.String(80), unique=True)
    look_up_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)


class AttemptRow(Base):
    """One attempt to pay an order. Its `card` is a token of the processor, dropped when the attempt ends."""

    __tablename__ = "payments_attempts"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "number"),
        sa.Index("ix_payments_attempts_state_requested_at", "state", "requested_at"),
    )

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    order_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("payments_orders.id"))
    number: Mapped[int] = column(PersonalData.NONE, sa.Integer)
    card: Mapped[str | None] = column(PersonalData.PSEUDONYM, sa.String(80))
    state: Mapped[str] = column(PersonalData.NONE, sa.String(12))
    failure_code: Mapped[str | None] = column(PersonalData.NONE, sa.String(64))
    requested_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    ended_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)


class PayoutRow(Base):
    """One payout to a creator. `attempt` counts the processor's definite failures; `look_up_at` is when to ask."""

    __tablename__ = "payments_payouts"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    account: Mapped[str] = column(PersonalData.PSEUDONYM, sa.String(80))
    creator_name: Mapped[str] = column(PersonalData.PROFILE, sa.String(200))
    amount_minor: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    currency: Mapped[str] = column(PersonalData.NONE, sa.String(3))
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8), index=True)
    state: Mapped[str] = column(PersonalData.NONE, sa.String(12), index=True)
    attempt: Mapped[int] = column(PersonalData.NONE, sa.Integer)
    requested_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    approved_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    approved_by: Mapped[str | None] = column(PersonalData.SUBJECT_ID)
    asked_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    sent_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    paid_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    overdue_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    processor_id: Mapped[str | None] = column(PersonalData.PSEUDONYM, sa.String(80), unique=True)
    failure_code: Mapped[str | None] = column(PersonalData.NONE, sa.String(64))
    look_up_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)


class NoticeRow(Base):
    """A notice of the processor, stored once before anything is made of it."""

    __tablename__ = "payments_notices"

    id: Mapped[str] = column(PersonalData.NONE, sa.String(80), primary_key=True)
    kind: Mapped[str] = column(PersonalData.NONE, sa.String(80))
    processor_id: Mapped[str] = column(PersonalData.PSEUDONYM, sa.String(80), index=True)
    received_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)


ORDERS = cast("sa.Table", OrderRow.__table__)
NOTICES = cast("sa.Table", NoticeRow.__table__)
