"""What is stored of subscribers: addresses as ciphertext, choices, and what each was told."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class SubscriberRow(Base):
    """Somebody who asked to be told; their id is also the subject whose key seals their addresses.

    `contact` is the mail address that confirms and manages, `target` where news goes where that is Slack; a webhook's
    address stands with its endpoint. `everything` tells that no components were chosen.
    """

    __tablename__ = "subscribers_subscribers"

    id: Mapped[str] = column(PersonalData.SUBJECT_ID, primary_key=True)
    channel: Mapped[str] = column(PersonalData.NONE)
    state: Mapped[str] = column(PersonalData.NONE, index=True)
    contact_sealed: Mapped[str | None] = column(PersonalData.SEALED)
    contact_digest: Mapped[str | None] = column(PersonalData.PSEUDONYM, index=True)
    target_sealed: Mapped[str | None] = column(PersonalData.SEALED)
    target_digest: Mapped[str | None] = column(PersonalData.PSEUDONYM, unique=True)
    endpoint_id: Mapped[str | None] = column(PersonalData.NONE, unique=True)
    min_impact: Mapped[str] = column(PersonalData.NONE)
    everything: Mapped[bool] = column(PersonalData.NONE)
    maintenance: Mapped[bool] = column(PersonalData.NONE)
    component_changes: Mapped[bool] = column(PersonalData.NONE)
    link_version: Mapped[int] = column(PersonalData.NONE, default=1)
    failures: Mapped[int] = column(PersonalData.NONE, default=0)
    asked_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    confirmed_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    ended_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    ended_because: Mapped[str | None] = column(PersonalData.NONE, sa.String(64))
    digest_due_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)


class ChoiceRow(Base):
    """A component, or a whole group, that a subscriber wants to hear of."""

    __tablename__ = "subscribers_choices"

    subscriber_id: Mapped[str] = column(
        PersonalData.SUBJECT_ID, sa.ForeignKey("subscribers_subscribers.id"), primary_key=True
    )
    component_id: Mapped[str] = column(PersonalData.NONE, primary_key=True, index=True)


class RequestRow(Base):
    """One request for a subscription, by which requests are limited; dropped after two days.

    `contact_digest` is of the mailbox, without a +tag; `site_digest` of the wider network.
    """

    __tablename__ = "subscribers_requests"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    contact_digest: Mapped[str] = column(PersonalData.PSEUDONYM, index=True)
    network_digest: Mapped[str] = column(PersonalData.PSEUDONYM, index=True)
    site_digest: Mapped[str | None] = column(PersonalData.PSEUDONYM, index=True)
    asked_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    answered: Mapped[bool] = column(PersonalData.NONE)


class NoticeRow(Base):
    """What one subscriber is told of one event, once; `about` names the event in JSON and says nothing itself."""

    __tablename__ = "subscribers_notices"
    __table_args__ = (sa.UniqueConstraint("subscriber_id", "event"),)

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    subscriber_id: Mapped[str] = column(
        PersonalData.SUBJECT_ID, sa.ForeignKey("subscribers_subscribers.id"), index=True
    )
    event: Mapped[str] = column(PersonalData.NONE)
    kind: Mapped[str] = column(PersonalData.NONE)
    about: Mapped[str] = column(PersonalData.NONE)
    state: Mapped[str] = column(PersonalData.NONE, index=True)
    digest_id: Mapped[str | None] = column(PersonalData.NONE, index=True)
    noticed_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    settled_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    failed_because: Mapped[str | None] = column(PersonalData.NONE, sa.String(64))
