"""Sentences that the services supply in English, said in the reader's language where they are ours.

A whole sentence is looked up with its places filled from what was read; what is none of ours, such as the words of an
operator or of a foreign system, stays as it was written. Tests hold the list against what the services say.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from services.components.views import UptimePolicy
from services.kernel.languages import SOURCE
from services.metrics.figures import COMPANION_TITLES
from services.metrics.slis import SLIS
from services.slas.agreements import DECLARED
from web.ui import fmt
from web.ui.language import _, current, later, ngettext

_BETWEEN: Final = re.compile(r"(?<=[.!?]) (?=[A-Z0-9])")
BORROWED: Final = (
    *(words for sli in SLIS.values() for words in (sli.title, sli.definition)),
    *COMPANION_TITLES.values(),
    *UptimePolicy().words[1:],
    *(words for each in DECLARED for words in (each.title, each.promise, *_BETWEEN.split(each.counts))),
)
"""What figures, the uptime policy and agreements declare, read where they declare it."""
POLICIES: Final = (
    later(
        "A major outage counts {major} of its time as down, a partial outage {partial}, degraded performance "
        "{degraded}."
    ),
    later("It is up {target} of the time that it is measured, over {window}."),
    later("Planned maintenance is left out, also where it was marked as such afterwards, with its reason."),
    later("Time in which nobody knows how a component stands is neither up nor down."),
    later(
        "Whole minutes of maintenance that concerns it are left out, also where it was marked as such afterwards, "
        "with its reason (by whole hours, once that is two days ago)."
    ),
    later("Nothing of nothing is no data, neither kept nor broken."),
    later(
        "Burn rates are judged from {events} {noun} of which {bad} are bad; with fewer, {run} {unit} in a row that are "
        "all bad are a breach."
    ),
    later(
        "The bad ones must exceed what a rule allows by {deviations} standard deviations, so that luck with few events "
        "breaks no promise."
    ),
)
"""What services put together of the uptime policy and of agreements, sentence by sentence."""
JUDGEMENTS: Final = (
    later("It has not been looked at yet."),
    later("The last look is too long ago to say how it stands now."),
    later("Nothing has come for {length}; at this hour at least {events} usually would."),
    later("Nothing was counted within the window: nothing of nothing is no data."),
    later("Fewer than {events} {noun} within the window are not judged."),
    later("More went wrong within the window than the target allows."),
    later("No rule fires."),
    later(
        "In {part}: {bad} of {total} {unit} were bad within {long}: the allowance burns {fast} as fast as promised, "
        "and {faster} within the last {short}; the rule fires above {factor}."
    ),
    later(
        "{bad} of {total} {unit} were bad within {long}: the allowance burns {fast} as fast as promised, and {faster} "
        "within the last {short}; the rule fires above {factor}."
    ),
    later(
        "Nothing has come for {length}, where by the quietest of the weeks before at least {events} {unit} would have."
    ),
    later("All of the last {events} {unit} failed, within {length}."),
    later("All of the last {events} {unit} and {left} left before the start failed, within {length}."),
    later("All of the last {events} {unit} failed; there was no good one."),
    later("{share} of {events} {unit} failed within {length}."),
)
"""Why an agreement stands as it does, and what found a breach."""
STANDINGS: Final = (
    later("No probe watches this component, and nobody has said how it stands."),
    later("Its probes are silent: how it stands is not known."),
    later("Kept by hand."),
    later("not watched any more"),
    later("seen up"),
    later("{up} of {total} vantages see it up"),
    later("{up} of {total} vantages see it up; {quiet} say nothing"),
    later("{down} of 1 vantage: {reason}"),
    later("{down} of {total} vantages: {reason}"),
    later("{sure} of 1 vantage says for sure, {needed} needed"),
    later("{sure} of {total} vantages say for sure, {needed} needed"),
    later("{sure} of 1 vantage says for sure, {needed} needed; {rest}"),
    later("{sure} of {total} vantages say for sure, {needed} needed; {rest}"),
    later("{sure} of 1 vantage says for sure, {needed} needed: {reason}"),
    later("{sure} of {total} vantages say for sure, {needed} needed: {reason}"),
    later("It depends on {name}, which has degraded performance."),
    later("It depends on {name}, which has a partial outage."),
    later("It depends on {name}, which has a major outage."),
    later("timeout"),
    later("no connection"),
    later("failed"),
    later("answers {status}"),
    later("the prober is offline"),
    later("the certificate or TLS is not good"),
    later("the database does not answer"),
)
"""Why a component stands as it does."""
REFUSALS: Final = (
    later("This link is not valid. Open it again from the newest letter, or subscribe anew."),
    later("This subscription has ended; nothing is kept of it. You can subscribe anew."),
    later("This link was good for two days. Subscribe anew to get another."),
    later("This subscription is not running."),
    later("This subscription is not paused."),
    later("This webhook gets no messages now; let it go on first."),
    later("This subscription has no webhook."),
    later("Confirm this subscription first, by the link in its letter."),
    later("Too many subscriptions were asked for from here. Try again in an hour."),
    later("Too many tests and messages sent again. Wait a minute."),
    later("Choose how you want to be told."),
    later("Choose one of the severities."),
    later("Choose components of this page."),
    later("Choose at most {n} components, or everything."),
    later("Choose one of the buttons."),
    later("Write an e-mail address such as name@example.com."),
    later("This is no web address."),
    later("Write an address that begins with https:// or http://."),
    later("A port is a number between 1 and 65535."),
    later("Take the user name and password out of the address."),
    later("We do not go to this address: it is not a public address."),
    later("We do not go to this address: port {n} is not one of the web."),
    later("A component that is gone"),
    later("An incident that is gone"),
    later("There is no such group of components."),
    later("Write a month that has begun as 2026-11."),
    later("is no such month"),
    later("is not offered"),
    later("The database does not take this now; try again shortly."),
)
"""What is said where something is refused, or is gone."""
UNITS: Final = (later("plays"), later("checkouts"), later("payouts"), later("seconds"), later("events"), fmt.NO_DATA)
_ALL: Final = (*BORROWED, *POLICIES, *JUDGEMENTS, *STANDINGS, *REFUSALS, *UNITS)
_OUTSIDE: Final = frozenset({"name", "part", "status"})
"""Places that hold what somebody named: never changed."""
_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
_LENGTH: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?) (d|h|min|s|ms)")
_SHARE: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?)( %|%)")
_TIMES: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?) times")
_DAYS: Final = re.compile(r"(\d+) days")


def said(text: str) -> str:
    """Return what the services say, in the reader's language where it is one of our sentences, or several of them."""
    spoken = current()
    return text if spoken.code == SOURCE or not text else _said(text, spoken.code)


@lru_cache(maxsize=2048)
def _said(text: str, _code: str) -> str:
    whole = _sentence(text)
    if whole is not None:
        return whole
    return " ".join(_sentence(each) or each for each in _BETWEEN.split(text))


def _sentence(text: str) -> str | None:
    for template, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            return _(template, **{name: _value(name, value) for name, value in found.groupdict().items()})
    return None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each sentence with its pattern; those that say most by themselves come first."""
    ordered = sorted(dict.fromkeys(_ALL), key=lambda each: (each.count("{"), -len(each)))
    return tuple((each, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(each)))) for each in ordered)


def _value(name: str, text: str) -> str:
    """What stands at a place, in the reader's language."""
    if name in _OUTSIDE:
        return text
    for pattern, write in _WRITTEN:
        found = pattern.fullmatch(text)
        if found is not None:
            return write(found)
    return _("one day") if text == "one day" else _sentence(text) or text


def _digits(text: str) -> str:
    return fmt.written(text.replace(",", ""))


def _days(found: re.Match[str]) -> str:
    number = int(found[1])
    return ngettext("{n} day", "{n} days", number, n=number)


_WRITTEN: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (_NUMBER, lambda found: _digits(found[0])),
    (_LENGTH, lambda found: fmt.length(found[1].replace(",", ""), found[2])),
    (_SHARE, lambda found: f"{_digits(found[1])}{fmt.NBSP}%"),
    (_TIMES, lambda found: _("{n} times", n=_digits(found[1]))),
    (_DAYS, _days),
)
