import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incidents.markup import BODY_MAX, to_plain_text, to_safe_html

pytestmark = pytest.mark.capability("STATUS-2")

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](  JaVaScRiPt:alert(1))",
    "[a](java\nscript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:x)",
    "[a](//evil.example/x)",
    "<javascript:alert(1)>",
    '[a](https://x.example "onmouseover=alert(1)")',
    "![a](https://track.example/pixel.png)",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>a</a>",
    "<style>*{display:none}</style>",
    "<!-- --><iframe src=//evil.example></iframe>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "[a]: javascript:alert(1)\n\n[a]",
    "|a|\n|-|\n|<script>x</script>|",
)
ELEMENTS = re.compile(r"<\s*/?\s*([a-zA-Z0-9]+)([^>]*)>")
ALLOWED = {"p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
ALLOWED |= {"h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}


def inert(html: str) -> bool:
    for name, rest in ELEMENTS.findall(html):
        if name.lower() not in ALLOWED:
            return False
        if rest.strip() and not re.fullmatch(
            r' href="(https?://|mailto:)[^"<>]*" rel="nofollow noopener"| start="\d+"', rest
        ):
            return False
    return True


@pytest.mark.parametrize("text", ATTACKS)
def test_what_tries_to_act_is_inert(text: str) -> None:
    assert inert(to_safe_html(text)), to_safe_html(text)


@given(
    st.lists(st.sampled_from([*ATTACKS, "**b**", "> q\n", "1. x\n", "\x00", "&lt;", '"', "'", "`"]), max_size=8).map(
        "".join
    )
)
def test_no_mixture_of_attacks_acts(text: str) -> None:
    assert inert(to_safe_html(text)), to_safe_html(text)


def test_links_of_the_web_and_of_mail_stay_and_lend_us_nothing() -> None:
    html = to_safe_html("[status](https://a.example/x?y=1&z=2) and [mail](mailto:ops@a.example)")
    assert 'href="https://a.example/x?y=1&amp;z=2" rel="nofollow noopener"' in html
    assert 'href="mailto:ops@a.example"' in html


def test_headings_start_below_those_of_the_page() -> None:
    html = to_safe_html("# One\n\n## Two\n\n### Three")
    assert re.findall(r"<(h\d)>", html) == ["h3", "h4", "h5"]


def test_plain_text_is_one_line_of_words_without_marks() -> None:
    assert to_plain_text("**Checkout** fails.\n\n- one\n- two & <b>") == "Checkout fails. one two & <b>"
    assert len(to_plain_text("word " * 500, 100)) <= 100


@pytest.mark.parametrize("text", ["[" * BODY_MAX, "> " * 5_000, "*a " * 3_000, "`" * BODY_MAX, "- " * 5_000])
def test_what_is_nested_without_end_is_rendered_all_the_same(text: str) -> None:
    assert inert(to_safe_html(text[:BODY_MAX]))
