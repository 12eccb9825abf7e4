"""Money: whole minor units and a currency; never floats.

Source: ISO 4217 (exponents).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

_ZERO = frozenset({"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                   "XAF", "XOF", "XPF"})  # fmt: skip
_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_FOUR = frozenset({"CLF", "UYW"})
_CODE = re.compile(r"[A-Z]{3}")
_NBSP = "\u00a0"


def exponent(currency: str) -> int:
    """Return how many decimals a currency's minor unit has."""
    if currency in _ZERO:
        return 0
    if currency in _THREE:
        return 3
    return 4 if currency in _FOUR else 2


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the minor unit of its currency.

    Raises: ValueError for a currency that is no three capital letters.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.currency):
            raise ValueError("A currency is three capital letters, such as EUR.")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __str__(self) -> str:
        """The amount in words: "EUR 4.99"."""
        places = exponent(self.currency)
        return f"{self.currency}{_NBSP}{Decimal(self.minor).scaleb(-places):,.{places}f}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} are not added up.")
        return other.minor


def allocate(money: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Split an amount by weights, so that nothing is lost: the largest remainders get what is left, the first first.

    Raises: ValueError where a weight is negative or all are zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("Weights are at least zero, and not all of them.")
    sign = -1 if money.minor < 0 else 1
    shares = [abs(money.minor) * weight // whole for weight in weights]
    remainders = [abs(money.minor) * weight % whole for weight in weights]
    left = abs(money.minor) - sum(shares)
    for index in sorted(range(len(weights)), key=lambda i: -remainders[i])[:left]:
        shares[index] += 1
    return tuple(Money(sign * share, money.currency) for share in shares)
