"""Money: whole minor units and a currency; never floats.

Source: ISO 4217 (exponents).
"""

import re
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
