"""Component ids: `<noun>-<part>`, checked, so that no callback listens to a misspelt one."""

import re
from dataclasses import dataclass
from typing import Any

from dash.dependencies import ALL

_WORD = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")


def _checked(word: str) -> str:
    if not _WORD.match(word):
        raise ValueError(f"{word!r} is no id: write lower-case words joined by hyphens, such as 'flags-table'.")
    return word


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of one noun: `Ids("flags").part("table")` is `flags-table`.

    Raises: ValueError for a noun or part that is not lower-case words joined by hyphens.
    """

    noun: str

    def __post_init__(self) -> None:
        _checked(self.noun)

    def part(self, part: str) -> str:
        """The id of the one element that plays this part."""
        return _checked(f"{self.noun}-{part}")

    def one(self, part: str, key: str) -> dict[str, str]:
        """The id of one among many elements that play this part, told apart by `key`."""
        return {"part": self.part(part), "key": key}

    def each(self, part: str) -> dict[str, Any]:
        """The pattern that matches every element made by `one(part, …)`, for callbacks."""
        return {"part": self.part(part), "key": ALL}


def slug(text: str) -> str:
    """The text as an id: lower-case words joined by hyphens, led by a letter."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words if words[:1].isalpha() else f"x-{words}".rstrip("-")
