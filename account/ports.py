"""What the account surface is made of, and what its pages share."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.facade import Services
from web.ui.static import StaticManifest


@dataclass(frozen=True, slots=True)
class Account:
    """The verbs and files behind the pages where people sign in."""

    services: Services
    manifest: StaticManifest


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a form that was sent: messages by the id of their control, and the answer's status."""

    errors: Mapping[str, str]
    status: int


NOTHING_WRONG = Wrong({}, 200)
