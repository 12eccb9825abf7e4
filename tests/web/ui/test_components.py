import re
from datetime import datetime, timedelta

import pytest
from dash import html

from web.ui import (
    Column,
    Command,
    Control,
    Ids,
    Links,
    NavItem,
    NavSection,
    Option,
    Paging,
    Person,
    Sort,
    State,
    Step,
    Tab,
    button,
    chip,
    data_grid,
    demo_banner,
    error_summary,
    field,
    fmt,
    form,
    icon,
    link,
    meter,
    palette,
    progress,
    public_frame,
    segmented_links,
    signed_in_frame,
    slug,
    tabs,
    text_input,
    tile,
    timestamp,
    to_html,
    toast,
)  # fmt: skip
from web.ui.frames import current_href

ROWS = [("a", 3), ("b", None)]
COLUMNS: list[Column[tuple[str, int | None]]] = [
    Column("name", "Name", lambda row: row[0], sortable=True),
    Column("count", "Count", lambda row: row[1], numeric=True, sortable=True),
    Column("more", "More", lambda _: "x", label_hidden=True),
]


def table(**values: object) -> str:
    return to_html(
        data_grid(ROWS, COLUMNS, caption="Things", noun="things", row_key=lambda row: row[0], **values)  # type: ignore[arg-type] # the test hands over wrong ones on purpose
    )


def test_ids_are_a_noun_and_a_part() -> None:
    ids = Ids("flags")
    assert ids.part("table") == "flags-table"
    assert ids.one("toggle", "x y") == {"part": "flags-toggle", "key": "x y"}
    assert ids.each("toggle")["part"] == "flags-toggle"


@pytest.mark.parametrize("word", ["", "Flags", "flags_table", "-x", "x-", "a b", "a--b", "x\n"])
def test_a_misspelt_id_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is no id"):
        Ids("flags").part(word)


def test_slugs_are_ids() -> None:
    assert slug("How we measure: p95!") == "how-we-measure-p95"
    assert slug("95 %") == "x-95"


def test_an_unknown_icon_is_refused() -> None:
    with pytest.raises(ValueError, match="ICONS"):
        icon("no-such-icon")


def test_an_icon_is_decoration_unless_it_is_named() -> None:
    assert 'aria-hidden="true"' in to_html(icon("check"))
    assert 'role="img" aria-label="a&lt;b"' in to_html(icon("check", label="a<b"))


@pytest.mark.parametrize("state", [state for state in State if state is not State.PLAIN])
def test_a_meaningful_chip_has_an_icon_and_a_word(state: State) -> None:
    html_ = to_html(chip("word", state))
    assert "<use" in html_
    assert ">word<" in html_


def test_a_tile_without_data_is_unknown_whatever_the_caller_says(now: datetime) -> None:
    page = to_html(
        tile(
            "Join", fmt.quantity(None, "s"), state=State.GOOD, verdict="not measured", samples=None, as_of=None, now=now
        )
    )
    assert 'data-state="unknown"' in page
    assert "chip unknown" in page
    assert "chip good" not in page
    assert "never measured" in page
    assert fmt.NO_DATA in page


def test_a_tile_carries_unit_verdict_samples_age_and_definition(now: datetime) -> None:
    page = to_html(
        tile("Join", fmt.quantity(1.42, "s"), state=State.GOOD, verdict="meets < 2 s", samples="48,212 plays",
             as_of=now - timedelta(seconds=4), now=now, definition_href="/method#join")
    )  # fmt: skip
    for part in ("1.42", ">s<", "meets &lt; 2 s", "48,212 plays", f"4{fmt.NBSP}s ago", 'href="/method#join"'):
        assert part in page


def test_ages_can_be_counted_on_by_the_script(now: datetime) -> None:
    page = to_html(timestamp(now - timedelta(seconds=4), now=now, prefix="newest"))
    assert 'datetime="2026-11-24T11:59:56Z"' in page
    assert 'data-age="newest"' in page


@pytest.mark.parametrize(("ratio", "width"), [(-1, "0.00%"), (0.25, "25.00%"), (7, "100.00%")])
def test_a_meter_stays_inside_its_track(ratio: float, width: str) -> None:
    assert f"width:{width}" in to_html(meter(ratio, "Budget"))


def test_a_meter_without_measurement_is_not_empty_but_unknown() -> None:
    page = to_html(meter(None, "Budget"))
    assert "unknown" in page
    assert fmt.NO_DATA in page


def test_grid_links_turn_pages_and_orders_without_script() -> None:
    links = Links(sort=lambda sort: f"?sort={sort.key}.{sort.direction}", page=lambda token: f"?after={token}")
    page = table(sort=Sort("name"), paging=Paging(1, 2, 5, next="c"), links=links)
    assert 'href="?sort=name.ascending"' in page
    assert 'href="?sort=count.descending"' in page
    assert 'href="?after=c"' in page
    assert 'aria-sort="descending"' in page
    assert page.count('aria-sort="none"') == 1
    assert "disabled" in page


def test_grid_buttons_carry_ids_for_dash() -> None:
    page = table(sort=Sort("name"), paging=Paging(1, 2, next="c"))
    assert "&#34;part&#34;:&#34;things-sort&#34;" in page
    assert "&#34;key&#34;:&#34;c&#34;" in page
    assert "<a " not in page


def test_grid_headings_are_never_empty_and_rows_have_one() -> None:
    page = table()
    assert not re.search(r"<th[^>]*></th>", page)
    assert page.count('scope="row"') == len(ROWS)
    assert '<span class="sr-only">More</span>' in page


def test_an_unknown_cell_is_a_dash_with_words() -> None:
    assert f'title="{fmt.NO_DATA}"' in table()


def test_an_empty_grid_says_so() -> None:
    none: list[tuple[str, int | None]] = []
    page = to_html(data_grid(none, COLUMNS, caption="Things", noun="things", row_key=lambda row: row[0]))
    assert "No things" in page
    assert 'id="things-grid"' in page


def test_a_field_ties_label_hint_and_error_to_its_control() -> None:
    page = to_html(text_input("Mail", id="mail", hint="h", error="e"))
    assert '<label for="mail">' in page
    assert 'aria-describedby="mail-hint mail-error"' in page
    assert 'aria-invalid="true"' in page
    assert 'id="mail-error"' in page


def test_a_field_without_id_is_refused() -> None:
    with pytest.raises(TypeError, match="plain id"):
        field("Mail", Control())


def test_a_password_is_never_written_back() -> None:
    assert "hunter2" not in to_html(text_input("Password", id="p", type="password", value="hunter2"))


def test_a_form_carries_its_token_and_lists_its_errors_with_links() -> None:
    page = to_html(
        form(text_input("Mail", id="mail"), action="/x", csrf_token="t<", actions=button("Go", submit=True),
             errors={"mail": "Missing", "": "Locked"})
    )  # fmt: skip
    assert 'name="_csrf_token"' in page
    assert 'value="t&lt;"' in page
    assert '<a href="#mail">Missing</a>' in page
    assert "<li>Locked</li>" in page
    assert 'method="post"' in page


def test_a_form_without_errors_has_no_summary() -> None:
    assert error_summary({}) is None


def test_an_external_link_cannot_reach_back() -> None:
    assert 'rel="noopener noreferrer"' in to_html(link("x", "https://example.org", external=True))


def test_an_icon_button_has_a_name() -> None:
    assert 'aria-label="Close"' in to_html(button("Close", icon_name="x", icon_only=True))


def test_a_link_that_looks_like_a_segment_marks_the_current_one() -> None:
    page = to_html(segmented_links("Range", [Option("a", "A", href="?a"), Option("b", "B", href="?b")], "b"))
    assert re.findall(r'aria-current="true" href="(\?\w)"', page) == ["?b"]


def test_tabs_show_one_panel_and_name_it() -> None:
    page = to_html(tabs("T", [Tab("a", "A", "x"), Tab("b", "B", "y")], id="t", current="b"))
    assert page.count(" hidden") == 1
    assert 'aria-labelledby="t-tab-b"' in page
    assert page.count('aria-selected="true"') == 1


def test_only_good_toasts_leave_by_themselves() -> None:
    assert 'data-toast="leaves"' in to_html(toast("Saved"))
    assert 'data-toast="stays"' in to_html(toast("Failed", state=State.BAD))


def test_progress_of_unknown_length_has_no_value() -> None:
    assert "value=" not in to_html(progress("Import", None))
    assert 'value="0.64"' in to_html(progress("Import", 0.64, steps=[Step("Read", "done")]))


def test_demo_data_names_the_command_that_removes_it() -> None:
    assert "<code>./manage.py demo remove</code>" in to_html(demo_banner(remove_command="./manage.py demo remove"))


@pytest.mark.parametrize(
    ("path", "current"),
    [("/admin/", "/admin/"), ("/admin/flags", "/admin/flags/"), ("/admin/flags/x", "/admin/flags/"), ("/shop/", None),
     ("/admin/flagship", "/admin/")],
)  # fmt: skip
def test_the_current_place_is_the_longest_that_holds_the_path(path: str, current: str | None) -> None:
    assert current_href(["/admin/", "/admin/flags/"], path) == current


def test_the_public_frame_starts_with_a_skip_link_and_has_one_main() -> None:
    page = to_html(public_frame("x", name="N", home_href="/", path="/a", nav=[NavItem("A", "/a"), NavItem("B", "/b")]))
    assert page.index("Skip to content") < page.index("<header")
    assert page.count("<main") == 1
    assert re.findall(r'aria-current="page" href="(/\w)"', page) == ["/a"]
    assert 'id="toasts"' in page


def test_the_signed_in_frame_signs_out_by_post_with_a_token() -> None:
    person = Person("Mara <Okafor>", "Ops", "/account/", "/account/sign-out", "tok")
    page = to_html(
        signed_in_frame(html.P("x"), name="G", home_href="/", path="/f", person=person,
                        sections=[NavSection("S", [NavItem("F", "/f", count="3", urgent=True)])])
    )  # fmt: skip
    assert 'action="/account/sign-out" method="post"' in page
    assert page.count('value="tok"') == 2
    assert "Mara &lt;Okafor&gt;" in page
    assert page.count('aria-current="page"') == 2


def test_the_palette_is_a_combobox_over_a_list() -> None:
    page = to_html(
        palette([Command("Flags", "/admin/flags", words="toggle"), Command("Find", "/found?id=", lookup=True)])
    )
    assert page.count("data-lookup") == 1
    assert 'role="combobox"' in page
    assert 'aria-controls="palette-list"' in page
    assert 'data-href="/admin/flags"' in page
    assert "toggle" in page
