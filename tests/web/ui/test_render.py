from html.parser import HTMLParser
from typing import Any

import pytest
from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from web.ui.elements import Choice, Control, Dialog, Markup
from web.ui.nodes import attrs
from web.ui.render import BLOCKED_LINK, safe_link, to_html


class Reader(HTMLParser):
    """What a browser would make of it: the elements with their attributes, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\x00")))
def test_text_reads_back_as_it_was_written(text: str) -> None:
    reader = Reader(to_html(html.P(text)))
    assert reader.text == text
    assert [tag for tag, _ in reader.elements] == ["p"]


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\x00")))
def test_attribute_values_read_back_as_they_were_written(text: str) -> None:
    reader = Reader(to_html(html.P("x", title=text, **attrs(aria_label=text))))
    assert reader.elements == [("p", {"title": text, "aria-label": text})]


@pytest.mark.parametrize(
    "attack",
    ["<script>alert(1)</script>", "</p><img src=x onerror=alert(1)>", '" onmouseover=alert(1) x="', "' onclick='a"],
)
def test_markup_in_data_never_becomes_an_element_or_a_handler(attack: str) -> None:
    reader = Reader(to_html(html.A(attack, title=attack, id=attack, className=attack, href=f"/x?q={attack}")))
    assert [tag for tag, _ in reader.elements] == ["a"]
    assert set(reader.elements[0][1]) == {"title", "id", "class", "href"}


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "\x01javascript:x",
     "java\tscript:alert(1)", "vbscript:x", "data:text/html,<script>alert(1)</script>", "\u200bjavascript:alert(1)"],
)  # fmt: skip
def test_links_that_run_scripts_are_dead(link: str) -> None:
    assert safe_link(link) == BLOCKED_LINK
    assert "script" not in to_html(html.A("x", href=link))


@pytest.mark.parametrize(
    "link",
    ["/status/", "#main", "?page=2&sort=name", "https://example.org/a:b", "mailto:a@b.example", "a/b:c",
     "//example.org", "webcal://example.org/x.ics", "data:image/png;base64,AAAA", ""],
)  # fmt: skip
def test_ordinary_links_stay_as_they_are(link: str) -> None:
    assert safe_link(link) == link


def test_names_become_html_names() -> None:
    label = to_html(html.Label("Name", htmlFor="name", className="a b"))
    cell = to_html(html.Td("1", colSpan=2, rowSpan=3))
    time = to_html(html.Time("now", dateTime="2026-11-24T12:00:00Z"))
    assert label == '<label class="a b" for="name">Name</label>'
    assert cell == '<td colspan="2" rowspan="3">1</td>'
    assert time == '<time datetime="2026-11-24T12:00:00Z">now</time>'


def test_true_is_a_bare_attribute_and_false_is_none() -> None:
    assert to_html(html.Button("x", disabled=True)) == "<button disabled>x</button>"
    assert to_html(html.Button("x", disabled=False)) == "<button>x</button>"
    assert to_html(html.Details("x", open=True)) == "<details open>x</details>"


def test_data_and_aria_booleans_are_words() -> None:
    assert to_html(html.P("x", **attrs(aria_busy=True, data_on=False))) == '<p aria-busy="true" data-on="false">x</p>'


def test_void_elements_have_no_end() -> None:
    assert to_html([html.Br(), html.Img(src="/a.png", alt="")]) == '<br><img alt="" src="/a.png">'


def test_properties_of_dash_stay_out() -> None:
    assert to_html(html.Button("x", n_clicks=3, key="k")) == "<button>x</button>"


def test_pattern_ids_are_written_as_dash_writes_them() -> None:
    assert Reader(to_html(html.P("x", id={"part": "b", "key": "a"}))).elements[0][1]["id"] == '{"key":"a","part":"b"}'


def test_styles_are_written_as_css() -> None:
    style = {"fontSize": 12, "zIndex": 3, "--lanes": "2", "marginTop": "1rem", "opacity": 0.5, "color": None, "top": 0}
    assert to_html(html.P("x", style=style)) == (
        '<p style="font-size:12px;z-index:3;--lanes:2;margin-top:1rem;opacity:0.5;top:0">x</p>'
    )


@pytest.mark.parametrize("value", ["red;background:url(x)", "url(//evil.example)", "a}b{", "expression(1)"])
def test_a_style_value_cannot_carry_a_second_declaration(value: str) -> None:
    with pytest.raises(ValueError, match="no plain style"):
        to_html(html.P("x", style={"color": value}))


def test_an_attribute_name_cannot_carry_a_handler() -> None:
    component = html.P("x")
    setattr(component, "data-x onclick", "alert(1)")
    component._prop_names = [*component._prop_names, "data-x onclick"]
    with pytest.raises(ValueError, match="attribute name"):
        to_html(component)


def test_nothing_is_drawn_for_none_and_booleans() -> None:
    children: list[Any] = [None, True, False, [None, "a"], 0, 1.5]
    assert to_html(html.P(children)) == "<p>a01.5</p>"


def test_markup_is_written_as_it_is() -> None:
    assert to_html(Markup("<b>x</b>", className="c")) == '<span class="c"><b>x</b></span>'


def test_controls_are_native() -> None:
    select = Control("select", id="s", value="b", options=[["a", "A"], ["b", "<B>"]])
    assert to_html(Control(id="i", value='"', required=True)) == '<input id="i" required value="&#34;">'
    assert to_html(select) == (
        '<select id="s"><option value="a">A</option><option selected value="b">&lt;B&gt;</option></select>'
    )
    assert to_html(Control("textarea", id="t", value="</textarea>")) == (
        '<textarea id="t">\n&lt;/textarea&gt;</textarea>'
    )


def test_a_choice_is_a_group_of_radio_buttons_with_one_checked() -> None:
    options = [{"value": "a", "label": "A"}, {"value": "b", "label": "B", "hint": "why", "disabled": True}]
    reader = Reader(to_html(Choice(id="c", legend="Which", value="a", options=options)))
    radios = [attributes for tag, attributes in reader.elements if tag == "input"]
    assert [(radio["value"], "checked" in radio, "disabled" in radio) for radio in radios] == [
        ("a", True, False), ("b", False, True),
    ]  # fmt: skip
    assert {radio["name"] for radio in radios} == {"c"}
    assert "Which" in reader.text
    assert "why" in reader.text


def test_a_closed_dialog_is_closed() -> None:
    assert to_html(Dialog("x", id="d")) == '<dialog id="d">x</dialog>'
    assert to_html(Dialog("x", id="d", open=True)) == '<dialog id="d" open>x</dialog>'


def test_parts_without_a_picture_draw_nothing_and_parts_that_need_dash_are_refused() -> None:
    assert to_html([dcc.Store(id="s"), dcc.Interval(id="i"), dcc.Location(id="l")]) == ""
    with pytest.raises(TypeError, match="needs Dash"):
        to_html(dcc.Graph(id="g"))
