"""The workspace page in a real headless browser, driven by role and text, with a real Bolt app behind it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from contractops.tests.localworld.conftest import Operator
from contractops.tests.localworld.worlds import RunningWorld, start_world, until

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("CONTRACTOPS_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium for this module."""
    if not Path(CHROMIUM).exists():
        pytest.skip("not run: no chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def desk(world: RunningWorld) -> Iterator[RunningWorld]:
    """A world with the small Bolt app connected and its cards posted."""
    command = [sys.executable, "-m", "contractops.tests.localworld.desk", world.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield world
    process.terminate()
    process.wait(timeout=10)
    process.stdout.close()


@pytest.fixture
def page(browser: Browser, desk: RunningWorld) -> Iterator[Page]:
    """The page as Maria sees it; fails afterwards on any script error or console error."""
    yield from opened(browser, desk)


def opened(browser: Browser, world: RunningWorld, **options: object) -> Iterator[Page]:
    """Open the page in a context of its own and watch it for errors."""
    context = browser.new_context(**options)  # type: ignore[arg-type]  # playwright's own option types
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    tab.goto(world.url)
    tab.wait_for_selector("body[data-listening=yes]", state="attached")
    yield tab
    context.close()
    assert errors == []


def card(page: Page) -> None:
    """Wait until the card stands."""
    expect(page.get_by_role("heading", name="60 days to decide: Acme")).to_be_visible()


def test_opens_on_the_card_with_unread_badge_steps_and_banner(page: Page) -> None:
    """Nothing to configure: card, badge, steps and the private-machine banner; reading clears the badge."""
    card(page)
    navigation = page.get_by_role("navigation", name="Workspace")
    expect(navigation.get_by_role("link", name="Renewal Desk")).to_have_attribute("aria-current", "page")
    expect(navigation.get_by_label("1 unread")).to_have_count(0, timeout=4000)
    steps = page.get_by_role("complementary", name="Your first renewal")
    expect(steps).to_contain_text("1 of 7 done")
    page.get_by_role("button", name="Close this notice").click()
    expect(page.get_by_text("no message leaves this machine")).to_be_hidden()
    page.reload()
    expect(page.get_by_text("no message leaves this machine")).to_be_hidden()


def test_unread_badge_of_another_person(page: Page) -> None:
    """Dana's unread card shows as a badge when one acts as Dana and looks elsewhere."""
    page.goto(f"{page.url.split('?')[0]}?as=U0DANA&open=C0REN")
    expect(page.get_by_role("navigation").get_by_label("1 unread")).to_be_visible()


def test_click_rewrites_the_card_and_opens_the_thread(page: Page) -> None:
    """A click goes over the wire and back: buttons gone, reply in the thread, one line in the conversation."""
    card(page)
    page.get_by_role("button", name="Prepare terms").click()
    expect(page.get_by_text("Preparing…")).to_be_visible()
    expect(page.get_by_role("button", name="Approve draft 1")).to_have_count(0)
    expect(page.get_by_role("article").filter(has_text="Draft 1 is ready").last).to_be_visible()
    expect(page.get_by_role("link", name="replied in a thread")).to_be_visible()
    expect(page.get_by_role("complementary")).to_contain_text("Prepare terms, done")
    expect(page.get_by_role("complementary")).to_contain_text("Read the alert, done")


def test_text_is_escaped_and_formatted(page: Page) -> None:
    """mrkdwn is bold, HTML in it is text, a mention is a name."""
    card(page)
    expect(page.locator("strong", has_text="Decide by Fri 5 Feb 2027.")).to_be_visible()
    expect(page.get_by_text("<b>not bold</b>")).to_be_visible()
    expect(page.get_by_text("@Sam Okafor")).to_be_visible()


def test_confirm_dialog_asks_first(page: Page, desk: RunningWorld) -> None:
    """Go back sends nothing; the confirming button sends the click."""
    card(page)
    page.get_by_role("button", name="Approve draft 1").click()
    dialog = page.get_by_role("alertdialog", name="Approve draft 1?")
    expect(dialog).to_contain_text("Nothing goes to the customer before that.")
    dialog.get_by_role("button", name="Go back").click()
    expect(dialog).to_be_hidden()
    assert desk.get("/_world/journal", operation="socket.interactive") == []
    page.get_by_role("button", name="Approve draft 1").click()
    dialog.get_by_role("button", name="Approve it").click()
    expect(page.get_by_text("Approved by @Maria Ortiz")).to_be_visible()


def test_modal_preview_error_then_success(page: Page) -> None:
    """The preview follows a change, errors are inline and keep what was typed, success closes the form."""
    card(page)
    page.get_by_role("button", name="Edit terms…").click()
    form = page.get_by_role("dialog", name="Edit draft 1")
    form.get_by_label("Note").fill("hold the price")
    form.get_by_label("Term").select_option(label="60 months")
    expect(form.get_by_text("90.00")).to_be_visible()
    expect(form.get_by_label("Note")).to_have_value("hold the price")
    form.get_by_label("Discount, in %").fill("20")
    form.get_by_role("button", name="Save as draft 2").click()
    expect(form.get_by_text("Must be 14.75 or less.")).to_be_visible()
    expect(form.get_by_label("Discount, in %")).to_be_focused()
    form.get_by_label("Discount, in %").fill("12")
    form.get_by_role("button", name="Save as draft 2").click()
    expect(form.get_by_text("Choose up to 36.")).to_be_visible()
    expect(form.get_by_label("Note")).to_have_value("hold the price")
    form.get_by_label("Term").select_option(label="36 months")
    form.get_by_role("button", name="Save as draft 2").click()
    expect(form).to_be_hidden()
    expect(page.get_by_role("main").get_by_text("Draft 2: hold the price")).to_be_visible()


def test_a_file_goes_with_its_form(page: Page) -> None:
    """A file survives a preview; one of another kind is refused at its field; the app reads what was chosen."""
    card(page)
    page.get_by_role("button", name="Edit terms…").click()
    form = page.get_by_role("dialog", name="Edit draft 1")
    form.get_by_label("Letter").set_input_files({"name": "letter.exe", "mimeType": "application/pdf", "buffer": b"MZ"})
    form.get_by_role("button", name="Save as draft 2").click()
    expect(form.get_by_text("letter.exe is not one of: pdf.")).to_be_visible()
    form.get_by_label("Letter").set_input_files({"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"})
    form.get_by_label("Term").select_option(label="36 months")
    expect(form.get_by_text("90.00")).to_be_visible()
    form.get_by_role("button", name="Save as draft 2").click()
    expect(form).to_be_hidden()
    expect(page.get_by_role("main").get_by_text("With letter.pdf of 8 bytes")).to_be_visible()


def test_escape_closes_the_modal(page: Page, desk: RunningWorld) -> None:
    """Escape is Cancel, and the world knows that the form is closed."""
    card(page)
    page.get_by_role("button", name="Edit terms…").click()
    form = page.get_by_role("dialog", name="Edit draft 1")
    expect(form).to_be_visible()
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    until(lambda: desk.get("/_world/slack/state")["views"] == [])


def test_act_as_changes_who_clicks(page: Page, desk: RunningWorld) -> None:
    """Switching is announced, shows the other person's conversation, and the click is theirs."""
    card(page)
    page.get_by_label("Acting as").select_option(label="Dana Whitfield")
    expect(page.get_by_role("status").filter(has_text="You act as Dana Whitfield now.")).to_have_count(1)
    expect(page.get_by_text("You write and click as Dana Whitfield")).to_be_visible()
    page.get_by_role("button", name="Prepare terms").click()
    clicks = until(lambda: desk.get("/_world/journal", operation="socket.interactive"))
    assert clicks[0]["request"]["payload"]["user"]["id"] == "U0DANA"


def test_keyboard_only(page: Page) -> None:
    """Tab to a button, Enter, fill the form, submit: no mouse, focus always visible."""
    card(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Edit terms…":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Edit draft 1")
    expect(form.get_by_label("Term")).to_be_focused()
    page.keyboard.press("Tab")
    expect(form.get_by_label("Discount, in %")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    expect(form.get_by_label("Letter")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Save as draft 2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_text("Draft 2: by keyboard")).to_be_visible()


def test_composer_message_and_slash_command(page: Page) -> None:
    """Enter sends; the answer arrives and is announced; a slash command is answered to the writer alone."""
    card(page)
    box = page.get_by_label("Message as Maria Ortiz")
    box.fill("what is due & when?")
    box.press("Enter")
    expect(page.get_by_role("main").get_by_text("You asked: what is due & when?")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("New message from Renewal Desk")
    box.fill("/contracts due")
    box.press("Enter")
    expect(page.get_by_role("main").get_by_text("/contracts was heard")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Only visible to you")).to_be_visible()


def test_ephemeral_answer_can_be_dismissed(page: Page) -> None:
    """An answer to a click is visible to the clicker only, and goes when dismissed."""
    card(page)
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("main").get_by_text("Because of clause 9.2.")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("main").get_by_text("Because of clause 9.2.")).to_have_count(0)


def test_app_home_is_empty_until_published(page: Page, desk: RunningWorld) -> None:
    """Opening App Home makes the app publish; before that the page says so."""
    home = f"{desk.url}/?as=U0SAM&open=home"
    page.route("**/_world/slack/home", lambda route: route.fulfill(json={"ok": True}))
    page.goto(home)
    expect(page.get_by_text("Nothing published yet.")).to_be_visible()
    page.unroute("**/_world/slack/home")
    page.get_by_role("link", name="App Home").click()
    expect(page.get_by_role("heading", name="Your renewal desk")).to_be_visible()
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    page.get_by_label("When").select_option(label="120 days")
    expect(page.get_by_text("The next 120 days")).to_be_visible()
    expect(page.get_by_label("When")).to_have_value("120 days")


def test_clock_says_what_it_triggers(page: Page, desk: RunningWorld) -> None:
    """Without an operator the dialog says that only the clock moves; staying changes nothing, going moves it."""
    card(page)
    page.get_by_role("button", name="+1 day").click()
    dialog = page.get_by_role("dialog", name="Move the clock to Tue 8 Dec 2026, 09:00?")
    expect(dialog).to_contain_text("The operator does not answer: only the clock will move.")
    dialog.get_by_role("button", name="Stay here").click()
    assert desk.get("/_world/clock")["now"].startswith("2026-12-07")
    page.get_by_role("button", name="+1 day").click()
    dialog.get_by_role("button", name="Go there").click()
    expect(page.get_by_role("group", name="Clock")).to_contain_text("Tue 8 Dec 2026, 09:00 CST")


@pytest.mark.parametrize(
    ("day", "words"),
    [("2026-12-01", "The clock runs forward only: it is Mon 7 Dec 2026, 09:00."), ("2099-01-01", "At most 400 days at once.")],
)
def test_clock_says_where_it_cannot_go(page: Page, day: str, words: str) -> None:
    """A day that has passed, and one that would take hours, are refused in the dialog before anything moves."""
    card(page)
    page.get_by_role("button", name="Jump to…").click()
    dialog = page.get_by_role("dialog", name="Move the clock to a day")
    dialog.get_by_label("To the morning of").fill(day)
    expect(dialog).to_contain_text(words)
    expect(dialog.get_by_role("button", name="Go there")).to_be_disabled()


def test_following_a_link_by_keyboard_keeps_the_place(page: Page) -> None:
    """After Enter on a conversation the same link has the focus, so that Tab goes on from there."""
    card(page)
    page.get_by_role("navigation", name="Workspace").get_by_role("link", name="renewals").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("renewals")
    expect(page.get_by_role("navigation", name="Workspace").get_by_role("link", name="renewals").first).to_be_focused()


def test_clock_names_the_events_on_the_way(browser: Browser, operator: Operator, tmp_path: Path) -> None:
    """With an operator the next event is named, a jump lists what it triggers, and plays it in order."""
    with start_world(tmp_path / "world", operator.url) as world:
        for tab in opened(browser, world):
            expect(tab.get_by_role("button", name="Next event: digest, Tue 8 Dec")).to_be_visible()
            tab.get_by_role("button", name="Jump to…").click()
            dialog = tab.get_by_role("dialog", name="Move the clock to a day")
            dialog.get_by_label("To the morning of").fill("2026-12-10")
            expect(dialog).to_contain_text("This triggers 1 other event, 1 alert, in this order, if nobody acts:")
            expect(dialog.get_by_role("listitem")).to_have_text(["Tue 8 Dec 2026, 08:30: digest", "Wed 9 Dec 2026, 09:00: 30-day alert"])
            dialog.get_by_role("button", name="Go there").click()
            expect(tab.get_by_role("group", name="Clock")).to_contain_text("Thu 10 Dec 2026, 09:00 CST")
            expect(tab.get_by_role("button", name="Next event: escalation, Wed 6 Jan")).to_be_visible()
        assert operator.ticks == ["2026-12-08T14:30:00+00:00", "2026-12-09T15:00:00+00:00", "2026-12-10T15:00:00+00:00"]


def test_steps_follow_the_world(page: Page, desk: RunningWorld) -> None:
    """Steps are done by what happened, whoever did it: two people's approvals, then a jump of 59 days."""
    steps = page.get_by_role("complementary", name="Your first renewal")
    expect(steps).to_contain_text("1 of 7 done")
    for done, (channel, user) in enumerate((("D0MARIA", "U0MARIA"), ("D0DANA", "U0DANA")), start=2):
        ts = desk.messages(channel)[0]["ts"]
        desk.post("/_world/slack/act", {"user": user, "channel": channel, "ts": ts, "action_id": "approve"})
        expect(steps).to_contain_text(f"{done} of 7 done")
    desk.post("/_world/clock", {"by_hours": 24 * 59})
    expect(steps).to_contain_text("4 of 7 done")


def test_faults_in_words(page: Page, desk: RunningWorld) -> None:
    """A fault is switched on by its words, listed, and switched off."""
    card(page)
    page.get_by_role("button", name="Faults…").click()
    dialog = page.get_by_role("dialog", name="What should go wrong?")
    dialog.get_by_role("button", name="Switch on: Slack loses our next answer").click()
    expect(dialog).to_contain_text("Slack loses our next answer (once)")
    note = page.get_by_text("Switched on: Slack loses our next answer.")
    expect(note).to_be_visible()
    assert [fault["kind"] for fault in desk.get("/_world/faults")] == ["drop_after_commit"]
    dialog.get_by_role("button", name="Switch all off").click()
    expect(dialog.get_by_text("Switched on:")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390, 640])
def test_phone_width_has_no_horizontal_scroll(browser: Browser, desk: RunningWorld, width: int) -> None:
    """At phone width (and 200 % zoom of 1280) nothing is wider than the screen, on the page and in the form."""
    for tab in opened(browser, desk, viewport={"width": width, "height": 800}):
        card(tab)
        tab.get_by_role("button", name="Edit terms…").click()
        expect(tab.get_by_role("dialog", name="Edit draft 1")).to_be_visible()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["/outside/tickets", "/outside/mail", "/outside/inbox", "/outside/audit", "/docusign", "/crm"])
def test_outside_pages_lead_back(page: Page, desk: RunningWorld, path: str) -> None:
    """Each outside page opens without an error and has a way back to the workspace."""
    page.goto(f"{desk.url}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name="workspace").first.click()
    card(page)


def test_permalink_leads_to_the_message(page: Page, desk: RunningWorld) -> None:
    """A permalink opens the conversation at that message."""
    ts = desk.messages("D0MARIA")[0]["ts"]
    page.goto(f"{desk.url}/archives/D0MARIA/p{ts.replace('.', '')}")
    expect(page.locator(f"[id='m-{ts}']")).to_be_in_viewport()


def test_nobody_yet(browser: Browser, tmp_path: Path) -> None:
    """An unseeded world says that nobody is here instead of failing."""
    with start_world(tmp_path, seed={}) as world:
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(world.url)
        expect(tab.get_by_role("heading", name="Nobody is here yet")).to_be_visible()
        context.close()
