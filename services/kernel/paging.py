"""Pages of long lists, by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.kernel.errors import Invalid

T = TypeVar("T")

PAGE_SIZE_MAX = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list: its items, and the cursor of the next page where there is one."""

    items: Sequence[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted: after which cursor, and of at most how many items.

    Raises: Invalid for a size that no page has.
    """

    after: str | None = None
    size: int = 50

    def __post_init__(self) -> None:
        if not 1 <= self.size <= PAGE_SIZE_MAX:
            message = f"A page has between 1 and {PAGE_SIZE_MAX} items, not {self.size}."
            raise Invalid("page_size_invalid", message, fields={"size": message})
