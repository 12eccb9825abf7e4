"""Texts in the reader's language: catalogues of gettext, and the language that the running request speaks.

Whoever asks nothing hears English: the language is chosen for one request by `web.shell.languages`, and only where a
surface has its texts in catalogues. A text at the top of a module is marked by `later` and said by `_` when it is used.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from string import Formatter
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from dash.development.base_component import Component

from services.kernel.languages import LANGUAGES, SOURCE
from web.ui.nodes import Node, flatten

DOMAIN: Final = "messages"
NBSP: Final = "\N{NO-BREAK SPACE}"
_NUMBERED: Final = re.compile(r"^\{n\} ")


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code (BCP 47), its name in itself, its texts, and the locale of its numbers and dates."""

    code: str
    name: str
    texts: NullTranslations = field(default_factory=NullTranslations)
    locale: Locale = field(default_factory=lambda: Locale(SOURCE))

    @property
    def plain(self) -> bool:
        """Whether numbers and dates are written as the house writes them in English."""
        return self.locale.language == SOURCE


ENGLISH: Final = Language(SOURCE, "English")
_FOLDERS: Final[list[Path]] = [Path(__file__).parents[1] / "locale"]
_speaking: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def add_catalogues(folder: Path) -> None:
    """Make a package's catalogues known: `<folder>/<code>/LC_MESSAGES/messages.po`."""
    if folder not in _FOLDERS:
        _FOLDERS.append(folder)
        language.cache_clear()


def catalogue_folders() -> tuple[Path, ...]:
    """Return where catalogues lie."""
    return tuple(_FOLDERS)


@cache
def language(code: str) -> Language:
    """Return one of our languages, with every package's texts in it; they are read from the `.po` files themselves.

    Raises: KeyError for a language that is none of ours.
    """
    if code not in LANGUAGES:
        raise KeyError(code)
    if code == SOURCE:
        return ENGLISH
    texts = NullTranslations()
    for folder in reversed(_FOLDERS):
        found = _read(folder / code / "LC_MESSAGES" / f"{DOMAIN}.po")
        found.add_fallback(texts)
        texts = found
    locale = Locale.parse(code, sep="-")
    return Language(code, locale.get_display_name() or code, texts, locale)


def _read(file: Path) -> NullTranslations:
    if not file.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return GNUTranslations(compiled)


def current() -> Language:
    """Return the language that is spoken now."""
    return _speaking.get()


@contextmanager
def speaking(spoken: Language) -> Iterator[None]:
    """Speak a language."""
    token = _speaking.set(spoken)
    try:
        yield
    finally:
        _speaking.reset(token)


def speak(spoken: Language) -> None:
    """Speak a language from now on in this context; whoever opens a request sets it anew."""
    _speaking.set(spoken)


def later(text: str) -> str:
    """Mark a text for the catalogue, to be said by `_` when it is used."""
    return text


def later_counted(one: str, many: str) -> tuple[str, str]:
    """Mark the forms of a counted noun, to be said by `counted` when they are used."""
    return one, many


def _(text: str, **values: object) -> str:
    """Return a text in the language that is spoken, with its named places filled."""
    if not text:
        return text
    said = _speaking.get().texts.gettext(text)
    return said.format(**values) if values else said


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """Return the form of a text that fits a number, with its named places filled."""
    said = _speaking.get().texts.ngettext(one, many, number)
    return said.format(**values) if values else said


def numbered(text: str) -> str:
    """Return a form of a counted noun, with its number bound to it."""
    return _NUMBERED.sub("{n}" + NBSP, text)


def filled(text: str, **nodes: Node) -> list[Component | str | int | float]:
    """Return a sentence (said already) as nodes, with its named places filled by components."""
    parts: list[Node] = []
    for words, name, _spec, _conversion in Formatter().parse(text):
        if words:
            parts.append(words)
        if name is not None:
            parts.append(nodes[name])
    return flatten(parts)
