"""What the storefront is given."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from services.catalogue.views import TitleView
from services.kernel.clock import Clock, SystemClock
from services.kernel.context import Actor
from services.payments.views import OfferView, OrderView
from web.ui.static import StaticManifest


class ShopTitles(Protocol):
    """The catalogue, as the shop reads it."""

    def titles(self, actor: Actor) -> Sequence[TitleView]:
        """Return every title in the order of publishing."""
        ...

    def title(self, actor: Actor, slug: str) -> TitleView:
        """Return one title.

        Raises: NotFound.
        """
        ...


class ShopPrices(Protocol):
    """What titles cost, as the shop reads it."""

    def offer(self, actor: Actor, slug: str) -> OfferView | None:
        """Return what a title costs, or nothing where it is not for sale."""
        ...


class ShopOrders(Protocol):
    """What a buyer does."""

    def place(self, actor: Actor, *, slug: str, key: str, client_address: str, demo_key: str = "") -> None:
        """Place an order that a key opens; the same key again is the same order."""
        ...

    def pay(self, actor: Actor, *, key: str, card: str, number: int) -> None:
        """Ask for an order's payment by a card; a repeated number is one attempt."""
        ...

    def order(self, actor: Actor, key: str) -> OrderView:
        """Return the order that a key opens.

        Raises: NotFound.
        """
        ...


@dataclass(frozen=True, slots=True)
class Checkout:
    """What buying needs; `sandbox` tells that payments go to the practice processor on this machine."""

    prices: ShopPrices
    orders: ShopOrders
    sandbox: bool = False
    clock: Clock = field(default_factory=SystemClock)


@dataclass(frozen=True, slots=True)
class Storefront:
    """Everything that the storefront's pages need.

    `media_folder` is where titles' paths start; `demo` labels every page as showing generated content; without a
    `checkout` nothing can be bought here.
    """

    titles: ShopTitles
    manifest: StaticManifest
    media_folder: Path
    demo: bool = False
    checkout: Checkout | None = None
