"""The forms by which secrets and personal values are recognised inside free text."""

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple


class _Form(NamedTuple):
    """One form: what a lower-case text must hold to be worth a look, its pattern, and what takes its place."""

    hint: str | re.Pattern[str]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


_NAMES = (
    r"passwords?|passwd|pwd|passphrase|passcode|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?"
    r"|signing[_-]?keys?|authori[sz]ation|cookies?|keyset|credentials?|totp|otp|session[_-]?id|csrf|jwt|signature|cvv|cvc"
    r"|dsn|e?[_-]?mail|phone|mobile|(?:first|last|full|display|user|given|family)[_-]?name|surname|birth[_-]?(?:day|date)"
    r"|postcode|postal[_-]?code|zip[_-]?code|street|address|iban|card[_-]?number|user[_-]?agent|passport|remote[_-]?addr"
    r"|(?:recovery|backup)[_-]?codes?|session[_-]?key|tax[_-]?id|(?<![a-z])(?:ip|pin|ssn|pan|msisdn)(?![a-z])"
)
_HEADER = re.compile(r"authori[sz]ation|cookie")
_ASSIGNMENT = re.compile(r"[:=]|%3d")
_LONG_WORD = re.compile(r"[a-z0-9_-]{12}")
_AT = re.compile(r"@|%40")
_DIGITS = re.compile(r"[0-9](?:[^0-9]{0,6}[0-9]){6}")
_QUOTED = r"""b?"(?:[^"\\]|\\.)*"|b?'(?:[^'\\]|\\.)*'"""


def _not_after(characters: str) -> str:
    """Return a pattern's left edge: no such character stands before, save as the end of an escape in a repr."""
    return rf"(?:(?<![{characters}])|(?<=\\[abfnrtv0])|(?<=\\x[0-9a-fA-F]{{2}})|(?<=\\u[0-9a-fA-F]{{4}}))"


def _pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(text, flags | re.IGNORECASE)


def _ip(match: re.Match[str]) -> str:
    text = match.group()
    for candidate in (text, text.rstrip(":")):
        try:
            found = ipaddress.ip_address(candidate.split("%", 1)[0])
        except ValueError:
            continue
        kept = found.is_loopback or found.is_unspecified
        return text if kept else f"[ip]{text[len(candidate) :]}"
    return text


def _luhn(digits: str) -> bool:
    doubled = (int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0  # noqa: PLR2004 -- the sum of a product's two digits


def _is_card(digits: str) -> bool:
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and _luhn(digits)  # noqa: PLR2004 -- ISO/IEC 7812-1


def _card(match: re.Match[str]) -> str:
    if match.group("id"):
        return match.group()
    groups = re.findall(r"[0-9]+", match.group())
    windows = ("".join(groups[i:j]) for i in range(len(groups)) for j in range(i + 1, len(groups) + 1))
    return "[card]" if any(_is_card(window) for window in windows) else match.group()


def _is_iban(text: str) -> bool:
    moved = text[4:] + text[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _iban(match: re.Match[str]) -> str:
    text = match.group()
    for end in sorted({len(text), *(m.start() for m in re.finditer(r"[ -]", text))}, reverse=True):
        compact = re.sub(r"[ -]", "", text[:end])
        if 15 <= len(compact) <= 34 and _is_iban(compact):  # noqa: PLR2004 -- ISO 13616
            return f"[iban]{text[end:]}"
    return text


def _token(match: re.Match[str]) -> str:
    text = match.group()
    mixed = all(re.search(part, text) for part in ("[a-z]", "[A-Z]"))
    return "[token]" if mixed else text


def _assigned(match: re.Match[str]) -> str:
    value = match.group("value")
    whole = value.startswith(("'", '"', "b'", 'b"'))
    return f"{match.group('name')}{match.group('between')}{'[redacted]' if not whole else repr('[redacted]')}"


_EMAIL = _Form(
    _AT,
    _pattern(
        r"""(?:"[^"@\n]{1,64}"|[\w.!#$%&'*+/=?^`{|}~-]{1,64})(?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}"""
        r"""|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@\[[0-9a-f:.]{3,60}\]"""
    ),
    "[email]",
)
_FORMS = (
    _Form(
        "-----begin", _pattern(r"-----BEGIN [a-z ]{0,40}PRIVATE KEY.*?(?:-----END [a-z ]+-----|\Z)", re.DOTALL), "[key]"
    ),
    # What databases and validators say about the values of a statement.
    _Form("[parameters", _pattern(r"\[parameters: [^\n]*"), "[parameters left out]"),
    _Form("[sql", _pattern(r"(\[SQL: )(?=[^\n]*['\"])[^\n]*"), r"\1left out]"),
    _Form("=(", _pattern(r"(Key \([^\n]{1,200}?\)=)\([^\n]*"), r"\1[redacted]"),
    _Form("failing row", _pattern(r"(Failing row contains )[^\n]*"), r"\1[redacted]"),
    _Form("line ", _pattern(r"^(LINE \d+: )[^\n]*(?:\n[ \t]*\^)?", re.MULTILINE), r"\1[redacted]"),
    _Form("invalid input", _pattern(r"(invalid input (?:syntax|value) for [^:\n]{1,80}: )[^\n]*"), r"\1[redacted]"),
    _Form("$", _pattern(r"(\$\d+ = )'[^\n]*"), r"\1[redacted]"),
    _Form("input_value=", _pattern(r"input_value=.{0,4000}?(?=, input_type=|\Z)", re.DOTALL), "input_value=[redacted]"),
    # Addresses of things, and the headers that open them.
    _Form("://", _pattern(r"""([a-z][a-z0-9+.-]{1,20}://)[^/\s"'<>]{0,512}@"""), r"\1[credentials]@"),
    _Form("otpauth:", _pattern(r"""otpauth:[^\s"'<>]*"""), "[totp]"),
    _Form(
        _HEADER,
        _pattern(r"""(["'])((?:proxy-)?authorization|(?:set-)?cookie)\1(\s*[:,]\s*)b?(["'])(?:\\.|(?!\4).)*\4"""),
        r"\1\2\1\3\1[redacted]\1",
    ),
    _Form(_HEADER, _pattern(r"""((?:proxy-)?authorization|(?:set-)?cookie)(\s*:\s*)[^\r\n]*"""), r"\1\2[redacted]"),
    _Form(
        _ASSIGNMENT,
        _pattern(
            r"(?P<name>"
            + _not_after(r"\w-")
            + r"""["']?[\w-]{0,40}(?:"""
            + _NAMES
            + r""")[\w-]{0,40}["']?)(?P<between>\s{0,3}(?:=>|[:=]|%3d)\s{0,3})(?!["']?\[redacted)(?P<value>"""
            + _QUOTED
            + r"""|[\[({][^\])}\n]{0,2000}[\])}]?|[^\s,;&'"})\]]+)"""
        ),
        _assigned,
    ),
    _Form("=", _pattern(r"""([?&](?:code|key|state|auth|sig|t|k|u|user|name)=)[^&\s#"']+"""), r"\1[redacted]"),
    _Form("bearer", _pattern(r"(bearer\s+)[\w.~+/=-]{6,}"), r"\1[token]"),
    _Form("", _pattern(r"((?:basic|digest|negotiate)\s+)(?=\S*[\d=]|\S{16})[\w.~+/=-]{6,}"), r"\1[token]"),
    # Secrets by their own form.
    _Form("eyj", _pattern(_not_after("0-9a-z") + r"eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*"), "[token]"),
    _Form(
        _LONG_WORD,
        _pattern(
            _not_after("0-9a-z")
            + r"(?:[sprw]k_(?:live|test)_\w{8,}|whsec_[\w+/=-]{8,}|gh[opsru]_\w{20,}|xox[abeprs]-[\w-]{10,}"
            r"|glpat-[\w-]{10,}|A[KS]IA[0-9A-Z]{16})"
        ),
        "[token]",
    ),
    _Form(_LONG_WORD, re.compile(_not_after("A-Za-z0-9_-") + r"[A-Za-z0-9_-]{40,}(?![A-Za-z0-9_-])"), _token),
    _Form(_LONG_WORD, _pattern(_not_after("0-9a-z") + r"[0-9a-f]{64}(?![0-9a-z])"), "[token]"),
    _Form(_LONG_WORD, re.compile(_not_after("A-Za-z0-9") + r"[A-Z2-7]{32}(?![A-Za-z0-9])"), "[totp]"),
    # Personal values by their form.
    _EMAIL,
    _Form(_DIGITS, _pattern(_not_after("0-9a-z_") + r"[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]){11,34}(?![0-9a-z_])"), _iban),
    _Form(
        _DIGITS,
        _pattern(
            r"(?P<id>\b[a-z]{2,5}_[0-9a-f]{32}(?![0-9a-z])"
            r"|(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])"
            r"|(?<![0-9a-z])(?=[0-9]*[a-f])[0-9a-f]{16,40}(?![0-9a-z]))"
            r"|(?<![0-9.])[0-9](?:[ -]?[0-9]){12,30}(?![0-9])"
        ),
        _card,
    ),
    _Form(
        ":",
        _pattern(
            _not_after(r"\w:.")
            + r"(?:[0-9a-f]{0,4}:){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]{0,4})(?:%\w{1,20})?(?!\w)"
        ),
        _ip,
    ),
    _Form(".", _pattern(_not_after(r"\w.") + r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\w|\.[0-9])"), _ip),
    _Form(
        _DIGITS,
        _pattern(_not_after(r"\w.+-") + r"(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}(?![\w-])"),
        "[phone]",
    ),
    _Form(_DIGITS, _pattern(_not_after(r"\w.") + r"(?:\+|00)[0-9](?:[ ().\-/]{0,2}[0-9]){7,14}(?!\w)"), "[phone]"),
    _Form(
        _DIGITS,
        _pattern(_not_after(r"\w.") + r"0[0-9]{2,4}[ /-][0-9]{3,9}(?:[ -]?[0-9]{2,5}){0,2}(?!\w)"),
        "[phone]",
    ),
)


def mask(text: str) -> str:
    """Return a text with every secret and personal value masked that its form gives away."""
    lowered = text.lower()
    for form in _FORMS:
        if form.hint in lowered if isinstance(form.hint, str) else form.hint.search(lowered):
            text = form.pattern.sub(form.replacement, text)
    return text


def mask_emails(text: str) -> str:
    """Return a text with every e-mail address masked."""
    return _EMAIL.pattern.sub("[email]", text)


def mask_number(value: int) -> int | str:
    """Return a number, or a mask where it is the number of a payment card."""
    return "[card]" if _is_card(str(abs(value))) else value
