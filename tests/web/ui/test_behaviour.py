"""What the hand-written script does in the browser."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dash import html
from playwright.sync_api import Browser, Page, expect

from web.ui import (
    Column,
    Command,
    NavItem,
    NavSection,
    Node,
    Person,
    Point,
    Question,
    State,
    Tab,
    banner,
    button,
    cancel_button,
    card,
    copyable,
    data_grid,
    dialog,
    form,
    signed_in_frame,
    tabs,
    text_input,
    timestamp,
    toast,
    toasts,
    trend_chart,
)  # fmt: skip
from web.ui.document import Document
from web.ui.static import StaticManifest

Shows = Callable[[Node], Page]


@pytest.fixture
def shown(browser: Browser, manifest: StaticManifest, tmp_path: Path) -> Iterator[Shows]:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))

    def show(tree: Node) -> Page:
        file = tmp_path / "page.html"
        file.write_text(Document(manifest, "t", style="app.css", standalone=True).html(tree), "utf-8")
        page.goto(file.as_uri())
        return page

    yield show
    context.close()
    assert faults == []


def frame(content: Node) -> Node:
    items = [NavItem("Payments", "#payments"), NavItem("Flags", "#flags"), NavItem("Payouts", "#payouts")]
    return signed_in_frame(
        content,
        name="G",
        home_href="#",
        path="#flags",
        person=Person("Mara Okafor", "Ops", "#me", "#out", "t"),
        sections=[NavSection("All", items)],
        commands=[Command("New flag", "#new-flag", section="Do", words="create toggle")],
    )


def asking() -> Node:
    ask = dialog("Sure?", text_input("Reason", id="reason"), id="ask", actions=[button("Do it"), cancel_button()])
    return [html.Main([html.A("before", href="#x"), button("Open", opens="ask"), ask])]


def test_a_dialog_takes_the_focus_holds_it_and_gives_it_back(shown: Shows) -> None:
    page = shown(asking())
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("dialog", name="Sure?")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
        assert inside
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Open")).to_be_focused()


def pressed(page: Page) -> None:
    """Count presses as Dash hears of them: on an element between the button and the document."""
    page.evaluate(
        """() => document.querySelector('main').addEventListener('click', (event) => {
            const button = event.target.closest('.btn');
            if (button) button.dataset.heard = Number(button.dataset.heard || 0) + 1;
        })"""
    )


def test_what_cannot_be_taken_back_acts_only_once_the_question_is_answered(shown: Shows) -> None:
    asks = Question("Suspend Ada?", "Her sign-ins end at once.", "Suspend her")
    page = shown(frame(button("Suspend", kind="danger", id="suspend", asks=asks)))
    pressed(page)
    act, ask = page.get_by_role("button", name="Suspend", exact=True), page.get_by_role("dialog", name="Suspend Ada?")
    act.click()
    expect(ask).to_contain_text("Her sign-ins end at once.")
    ask.get_by_role("button", name="Cancel").click()
    expect(ask).to_be_hidden()
    expect(act).to_be_focused()
    expect(act).not_to_have_attribute("data-heard", "1")
    act.click()
    ask.get_by_role("button", name="Suspend her").click()
    expect(ask).to_be_hidden()
    expect(act).to_have_attribute("data-heard", "1")


def test_a_question_reaches_the_button_of_a_list_that_was_drawn_anew_meanwhile(shown: Shows) -> None:
    page = shown(frame(html.P(button("End", id="end", asks=Question("End it?", "It is over then.", "End it")))))
    pressed(page)
    page.get_by_role("button", name="End", exact=True).click()
    page.evaluate("() => { const p = document.querySelector('#end').parentElement; p.innerHTML = p.innerHTML; }")
    page.get_by_role("button", name="End it").click()
    expect(page.locator("#end")).to_have_attribute("data-heard", "1")


def test_enter_in_a_field_presses_the_one_button_that_its_form_is_for(shown: Shows) -> None:
    asking = card([text_input("Why", id="why"), html.Div(button("Show", id="show"), className="acts")])
    many = card([text_input("Which", id="which"),
                 html.Div([button("One", id="one"), button("Two", id="two")], className="acts")])  # fmt: skip
    inside = dialog("Invite", text_input("Mail", id="mail"), id="invite",
                    actions=[cancel_button(), button("Send", kind="primary", id="send")])  # fmt: skip
    page = shown(frame([asking, many, inside, button("Open", opens="invite")]))
    pressed(page)
    page.get_by_label("Why").press("Enter")
    expect(page.locator("#show")).to_have_attribute("data-heard", "1")
    page.get_by_label("Which").press("Enter")
    assert page.locator("#one[data-heard], #two[data-heard]").count() == 0
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_label("Mail").press("Enter")
    expect(page.locator("#send")).to_have_attribute("data-heard", "1")


def test_an_id_is_copied_by_a_press(shown: Shows) -> None:
    page = shown(frame(copyable("usr_0198")))
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    page.get_by_role("button", name="Copy usr_0198").click()
    expect(page.get_by_role("button", name="Copied usr_0198")).to_be_visible()
    assert page.evaluate("window.copied") == "usr_0198"


def test_on_a_phone_every_value_of_a_table_stands_under_its_row_and_the_table_stays_a_table(shown: Shows) -> None:
    columns: list[Column[str]] = [
        Column("name", "Person", str),
        Column("mail", "Address", lambda name: f"{name}.with.a.long.address@company.example"),
        Column("factor", "Second factor", lambda _: "set up", priority=2),
        Column("joined", "Joined", lambda _: None, priority=3),
        Column("acts", "Actions", lambda name: button("End") if name == "ada" else None, label_hidden=True),
    ]
    page = shown(frame(data_grid(["ada", "eve"], columns, caption="People", noun="p", row_key=str)))
    page.set_viewport_size({"width": 390, "height": 800})
    row = page.get_by_role("table", name="People").get_by_role("row").filter(has_text="ada.with")
    expect(row.get_by_role("rowheader")).to_have_text("ada")
    expect(row.get_by_role("cell").filter(has_text="set up")).to_be_visible()
    expect(row.get_by_role("cell").filter(has=page.get_by_title("No data"))).to_be_visible()
    expect(row.get_by_role("button", name="End")).to_be_visible()
    shown_words = "(cell) => getComputedStyle(cell, '::before').content"
    assert "Second factor" in row.get_by_role("cell").filter(has_text="set up").evaluate(shown_words)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    address = row.get_by_role("cell").filter(has_text="company.example").locator(".cell")
    assert address.evaluate("(e) => e.scrollWidth <= e.clientWidth")


@pytest.mark.parametrize("way", ["cross", "cancel", "backdrop"])
def test_a_dialog_closes_by(shown: Shows, way: str) -> None:
    page = shown(asking())
    page.get_by_role("button", name="Open").click()
    if way == "backdrop":
        page.mouse.click(5, 5)
    else:
        page.get_by_role("button", name="Close" if way == "cross" else "Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_palette_opens_by_key_narrows_and_goes(shown: Shows) -> None:
    page = shown(frame("x"))
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    assert page.get_by_role("option").count() == 4
    page.keyboard.type("pay")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("option").first).to_contain_text("Payments")
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", page.get_by_role("option").nth(1).get_attribute("id") or "")
    page.keyboard.press("Enter")
    page.wait_for_url("**#payouts")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_palette_finds_by_further_words_and_says_when_nothing_matches(shown: Shows) -> None:
    page = shown(frame("x"))
    page.get_by_role("button", name="Search or jump to").first.click()
    page.keyboard.type("toggle")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_contain_text("New flag")
    page.get_by_role("combobox").fill("qqqq")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_palette_wraps_around_at_its_ends(shown: Shows) -> None:
    page = shown(frame("x"))
    page.keyboard.press("Control+k")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")


def test_navigation_on_a_phone_opens_and_leaves_after_a_choice(shown: Shows) -> None:
    page = shown(frame("x"))
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator(".rail")).to_be_hidden()
    page.get_by_role("button", name="Open navigation").click()
    drawer = page.get_by_role("dialog", name="Navigation")
    drawer.get_by_role("link", name="Payouts").click()
    expect(drawer).to_be_hidden()
    page.wait_for_url("**#payouts")


def test_tabs_move_by_arrows_home_and_end(shown: Shows) -> None:
    items = [Tab("a", "A", "first"), Tab("b", "B", "second"), Tab("c", "C", "third")]
    page = shown(html.Main(tabs("T", items, id="t")))
    page.get_by_role("tab", name="A").focus()
    for key, words in (("ArrowRight", "second"), ("End", "third"), ("ArrowRight", "first"), ("ArrowLeft", "third")):
        page.keyboard.press(key)
        expect(page.get_by_role("tabpanel")).to_have_text(words)
    page.get_by_role("tab", name="B").click()
    expect(page.get_by_role("tabpanel")).to_have_text("second")
    expect(page.get_by_role("tab", name="B")).to_have_attribute("tabindex", "0")


def test_good_toasts_leave_and_bad_ones_stay_until_closed(shown: Shows) -> None:
    page = shown("start")
    page.clock.install()
    page = shown(toasts([toast("Saved"), toast("Not saved", state=State.BAD)]))
    page.clock.run_for(5_000)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.clock.run_for(1_500)
    expect(page.get_by_text("Saved", exact=True)).to_be_hidden()
    expect(page.get_by_text("Not saved")).to_be_visible()
    page.get_by_role("button", name="Close: Not saved").click()
    expect(page.get_by_text("Not saved")).to_be_hidden()


def test_a_toast_waits_while_the_pointer_is_on_it(shown: Shows) -> None:
    page = shown("start")
    page.clock.install()
    page = shown(toasts(toast("Saved")))
    page.get_by_text("Saved").hover()
    page.clock.run_for(20_000)
    expect(page.get_by_text("Saved")).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.run_for(6_500)
    expect(page.get_by_text("Saved")).to_be_hidden()


def test_a_toast_that_arrives_later_leaves_too(shown: Shows) -> None:
    page = shown("start")
    page.clock.install()
    page = shown(toasts())
    page.evaluate("() => { document.querySelector('#toasts').innerHTML = '<div data-toast=leaves>late</div>'; }")
    expect(page.get_by_text("late")).to_be_visible()
    page.clock.run_for(6_500)
    expect(page.get_by_text("late")).to_be_hidden()


def test_ages_keep_counting_in_the_words_of_the_server(shown: Shows) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    page = shown("start")
    page.clock.install(time=now)
    ages = [
        timestamp(now - timedelta(seconds=50), now=now, prefix="newest"),
        html.Hr(),
        timestamp(now + timedelta(hours=2), now=now),
    ]
    page = shown(html.Main(ages))
    page.clock.run_for(15_000)
    expect(page.locator("time").first).to_have_text("newest 1\u00a0min ago")
    expect(page.locator("time").last).to_have_text("1\u00a0h ahead of our clock")


def test_the_readout_under_the_pointer_is_the_nearest_value(shown: Shows) -> None:
    start = datetime(2026, 11, 24, tzinfo=UTC)
    points = [Point(start + timedelta(hours=hour), float(hour) if hour != 5 else None) for hour in range(11)]
    page = shown(html.Main(trend_chart(points, title="t", unit="s")))
    box = page.locator(".trend-plot").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.31, box["y"] + 50)
    expect(page.locator(".cursor span")).to_have_text("3.00\u00a0s · 24\u00a0Nov\u00a02026, 03:00\u00a0UTC")
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
    expect(page.locator(".cursor span")).to_contain_text("no data")
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] + 200)
    expect(page.locator(".cursor")).to_have_count(0)


def test_a_refused_form_takes_the_reader_to_its_errors(shown: Shows) -> None:
    fields = text_input("Mail", id="mail", error="Missing")
    page = shown(html.Main(form(fields, action="#", csrf_token=None, actions=button("Go"), errors={"mail": "Missing"})))
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name="Missing").click()
    expect(page.get_by_label("Mail")).to_be_focused()


def test_a_form_is_sent_once(shown: Shows) -> None:
    send = button("Send", submit=True, busy_label="Sending…")
    page = shown(html.Main(form("x", action="#", csrf_token=None, actions=send, method="get")))
    page.evaluate(
        "() => { window.sent = 0; document.addEventListener('submit', (e) => {"
        " if (!e.defaultPrevented) window.sent += 1; e.preventDefault(); }); }"
    )
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Sending…")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Sending…").click(force=True)
    assert page.evaluate("() => window.sent") == 1


def test_the_skip_link_is_the_first_stop_and_leads_past_the_navigation(shown: Shows) -> None:
    page = shown(frame(banner("Hello")))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
