"""In which language a request is answered: as its address says, else as its reader's browser asks, else the house's.

Only routes that are declared `translated` speak other languages than English; documents for programs never do.
Source: RFC 9110 §12.5.4 (Accept-Language), §12.5.5 (Vary); RFC 4647 §3.4 (lookup).
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

from flask import Flask, Response, current_app, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from services.kernel.languages import LANGUAGES, SOURCE
from web.shell.routes import declarations
from web.ui.language import ENGLISH, Language, current, language, speak

PARAMETER: Final = "lang"
"""The parameter of an address that names a language."""
_EXTENSION: Final = "greenlight_languages"
_HEADER_MAX: Final = 200
_REMEMBERED_MAX: Final = 512
Find = Callable[[str], Language]


class Languages:
    """The languages of a server, and how one of them is chosen; `default` is for readers who ask for none of them."""

    def __init__(self, default: str = SOURCE, codes: tuple[str, ...] = LANGUAGES, *, find: Find = language) -> None:
        self.codes, self.default = codes, default
        self._find = find
        self._by_header: dict[str, str] = {}

    def get(self, code: str) -> Language:
        """Return a language that is one of ours."""
        return self._find(code)

    def asked(self, header: str) -> str:
        """Return the code of ours that an Accept-Language header wants most, or the house's.

        Headers are remembered, since browsers send few different ones; what is remembered has a bound.
        """
        known = self._by_header.get(header)
        if known is None:
            known = self._best(header[:_HEADER_MAX])
            if len(header) <= _HEADER_MAX:
                if len(self._by_header) >= _REMEMBERED_MAX:
                    self._by_header.clear()
                self._by_header[header] = known
        return known

    def chosen(self, named: str | None, header: str) -> str:
        """Return the code to answer in; a name that is none of ours is English."""
        if named is None:
            return self.asked(header)
        return named if named in self.codes else SOURCE

    def _best(self, header: str) -> str:
        if not header:
            return self.default
        known = {code.lower(): code for code in self.codes}
        for tag, quality in parse_accept_header(header, LanguageAccept):
            parts = tag.lower().split("-") if quality > 0 else []
            for length in range(len(parts), 0, -1):
                code = known.get("-".join(parts[:length]))
                if code is not None:
                    return code
        return self.default


def named(query: str) -> str | None:
    """Return the language that a query names, or nothing."""
    if PARAMETER not in query:
        return None
    return next((value for name, value in parse_qsl(query, keep_blank_values=True) if name == PARAMETER), None)


def install(server: Flask, languages: Languages) -> None:
    """Answer every request of a server in its language."""
    server.extensions[_EXTENSION] = languages
    server.before_request(_choose)
    server.after_request(_vary)
    server.teardown_request(_forget)


def languages_of(server: Flask) -> Languages:
    """Return the languages of a server (or of the running request's, by Flask's `current_app`)."""
    found: Languages = server.extensions[_EXTENSION]
    return found


def named_language() -> str | None:
    """Return the code that the address of the running request names, where it is one of ours."""
    code = request.args.get(PARAMETER)
    return code if code in languages_of(current_app).codes else None


def with_language(path: str) -> str:
    """Return a path of ours with the language that the running request's address names."""
    code = named_language()
    if code is None:
        return path
    address, mark, fragment = path.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{PARAMETER}={code}{mark}{fragment}"


def _translated() -> bool:
    declared = declarations(current_app).find(request.endpoint)
    # What no route answers is told by the shell itself, which speaks every language.
    return request.endpoint is None or (declared is not None and declared.translated)


def _choose() -> None:
    languages = languages_of(current_app)
    if not _translated():
        speak(ENGLISH)
        return
    header = request.headers.get("Accept-Language", "")
    speak(languages.get(languages.chosen(request.args.get(PARAMETER), header)))


def _vary(response: Response) -> Response:
    if _translated() and response.mimetype == "text/html":
        response.vary.add("Accept-Language")
        response.headers["Content-Language"] = current().code
    return response


def _forget(_error: BaseException | None) -> None:
    speak(ENGLISH)
