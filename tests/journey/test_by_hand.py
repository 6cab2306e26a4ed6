"""The first run by hand: a new user does a whole renewal in the browser, with the real operator behind it.

The tests share one running demo and stand in the order of the story; each also holds alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from contractops.operator import demo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

PATIENCE = 20_000
"""Milliseconds until something that a person waits for counts as missing."""
A_JUMP = 240_000
"""Milliseconds for 59 days of work."""


@dataclass(frozen=True)
class Desk:
    """The page as a person uses it: by role and by words."""

    page: Page
    url: str

    def card(self, title: str) -> Locator:
        """The newest message whose title reads so, without its thread."""
        return self.page.get_by_role("article").filter(has=self.page.locator(f'.b-header:text-is("{title}")')).last

    def press(self, card: Locator, label: str) -> None:
        """Click a button of a card."""
        card.get_by_role("button", name=label).first.click()

    def form(self) -> Locator:
        """The open modal."""
        return self.page.locator("#modal")

    def steps(self) -> Locator:
        """The steps panel."""
        return self.page.get_by_role("complementary", name="Your first renewal")

    def jump_dialog(self) -> Locator:
        """The preview of a move of the clock."""
        return self.page.get_by_role("dialog", name=re.compile("Move the clock"))

    def open(self, path: str = "/") -> None:
        """Go to an address of the local world."""
        self.page.goto(f"{self.url}{path}")


@pytest.fixture
def desk(browser: Browser, place: demo.Place) -> Iterator[Desk]:
    """The page opened for the first time; fails afterwards on a script error or a console error."""
    yield from opened(browser, place)


def opened(browser: Browser, place: demo.Place, **options: object) -> Iterator[Desk]:
    """A new browser context that watches for errors."""
    context = browser.new_context(**{"viewport": {"width": 1360, "height": 900}, **options})  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(place.world)
    page.wait_for_selector("body[data-listening=yes]", state="attached")
    yield Desk(page, place.world)
    context.close()
    assert errors == []


def test_opens_on_the_alert_with_nothing_to_configure(desk: Desk) -> None:
    """The calm alert stands at the top with its five facts and actions; the badge goes and the first step is ticked."""
    alert = desk.card("60 days to decide: Northwind Logistics")
    expect(alert).to_be_in_viewport(timeout=PATIENCE)
    for words in ("Decide by Fri 5 Feb 2027, 17:00 CST (Chicago).", "renews itself on Thu 8 Apr 2027", "USD 18,450.00 a month"):
        expect(alert).to_contain_text(words)
    for label in ("Prepare terms", "Why these dates?", "Snooze…", "Hand over…", "Not renewing…"):
        expect(alert.get_by_role("button", name=label)).to_be_visible()
    expect(desk.page.get_by_text("Local and private: no message leaves this machine.")).to_be_visible()
    expect(desk.steps()).to_contain_text("Read the alert, done", timeout=PATIENCE)


def test_forms_of_the_alert_open_and_close_by_keyboard(desk: Desk) -> None:
    """Enter on a button opens its form with the first field focused; Esc closes it and nothing is changed."""
    alert = desk.card("60 days to decide: Northwind Logistics")
    for label, title in (("Snooze…", "Snooze alert"), ("Hand over…", "Hand over"), ("Not renewing…", "Not preparing terms")):
        alert.get_by_role("button", name=label).focus()
        desk.page.keyboard.press("Enter")
        expect(desk.page.get_by_role("dialog", name=title)).to_be_visible(timeout=PATIENCE)
        assert desk.page.evaluate("document.activeElement.closest('#modal') !== null")
        desk.page.keyboard.press("Escape")
        expect(desk.form()).to_be_hidden(timeout=PATIENCE)
    expect(alert.get_by_role("button", name="Prepare terms")).to_be_visible()


def test_a_command_lists_what_is_due(desk: Desk) -> None:
    """`/renewals` typed into the composer answers the person alone."""
    desk.page.get_by_label("Message as Maria Ortiz").fill("/renewals")
    desk.page.keyboard.press("Enter")
    answer = desk.page.get_by_role("article").filter(has_text="Only visible to you").last
    expect(answer).to_contain_text("Brightway Retail, ENT-1042: Fri 11 Dec 2026", timeout=PATIENCE)
    expect(answer).to_contain_text("3 more have unknown dates.")


def test_next_event_is_named_before_it_happens(desk: Desk) -> None:
    """The dialog names the warning about a fault, staying changes nothing, going makes exactly that warning appear; then comes an alert."""
    desk.page.get_by_role("button", name="Next event: restore target nears, TT-90211, Beacon University").click(timeout=PATIENCE)
    dialog = desk.jump_dialog()
    expect(dialog).to_contain_text("Mon 7 Dec 2026, 13:20: restore target nears, TT-90211, Beacon University")
    dialog.get_by_role("button", name="Go there").click()
    expect(desk.page.get_by_role("group", name="Clock")).to_contain_text("Mon 7 Dec 2026, 13:20 CST", timeout=A_JUMP)
    warning = desk.page.get_by_role("article").filter(has_text="TT-90211 will miss its restore target at 14:20 CST (1 hour left).").last
    expect(warning).to_be_visible(timeout=PATIENCE)
    desk.page.get_by_role("button", name="Next event: 3-day alert, Brightway Retail").click(timeout=PATIENCE)
    dialog = desk.jump_dialog()
    expect(dialog).to_contain_text("Tue 8 Dec 2026, 09:00: 3-day alert, Brightway Retail")
    dialog.get_by_role("button", name="Stay here").click()
    expect(desk.page.get_by_role("group", name="Clock")).to_contain_text("Mon 7 Dec 2026, 13:20 CST")
    desk.page.get_by_role("button", name="Next event: 3-day alert, Brightway Retail").click()
    dialog.get_by_role("button", name="Go there").click()
    expect(desk.page.get_by_role("group", name="Clock")).to_contain_text("Tue 8 Dec 2026, 09:00 CST", timeout=A_JUMP)
    expect(desk.card("3 days to decide: Brightway Retail")).to_contain_text("Decide by Fri 11 Dec 2026", timeout=PATIENCE)


def test_a_renewal_from_the_alert_to_the_crm_and_a_miss(desk: Desk, place: demo.Place) -> None:
    """The owner's, the approver's and the signers' path, the CRM page, then 59 days: all seven steps are ticked."""
    _prepare_and_choose(desk)
    _approve_twice(desk)
    _sign(desk, "Priya Nair")
    _sign(desk, "Dana Whitfield")
    _see_the_crm(desk)
    _read_the_audit_trail(desk)
    _miss_another(desk)
    _spoken_names_contain_the_words(desk.page)
    expect(desk.steps()).to_contain_text("7 of 7 done")
    _alerts_came_in_order(place)


def _prepare_and_choose(desk: Desk) -> None:
    alert = desk.card("60 days to decide: Northwind Logistics")
    if not alert.count():  # a day later when the clock was moved before
        alert = desk.card("59 days to decide: Northwind Logistics")
    desk.press(alert, "Prepare terms")
    first = desk.card("Draft 1: Northwind Logistics, 12 months")
    expect(first).to_contain_text("USD 19,003.50 a month, today USD 18,450.00 (+3.00 %)", timeout=PATIENCE)
    desk.page.get_by_role("button", name="Use 36 months").click()
    second = desk.card("Draft 2: Northwind Logistics, 36 months")
    expect(second).to_contain_text("USD 602,030.88 in total", timeout=PATIENCE)
    expect(desk.card("Draft 1: Northwind Logistics, 12 months")).to_contain_text("Replaced by draft 2", timeout=PATIENCE)
    desk.press(second, "Approve draft 2")
    asked = desk.page.get_by_role("alertdialog")
    expect(asked).to_contain_text("VP Sales Dana Whitfield must approve. Nothing goes to the customer before that.")
    asked.get_by_role("button", name="Approve draft 2").click()
    expect(second).to_contain_text("Waiting for Dana Whitfield.", timeout=PATIENCE)
    expect(second.get_by_role("button", name="Approve draft 2")).to_have_count(0)


def _approve_twice(desk: Desk) -> None:
    desk.steps().get_by_role("link", name="Switch to Dana").click(timeout=PATIENCE)
    expect(desk.page.get_by_text("You write and click as Dana Whitfield")).to_be_visible()
    card = desk.card("Your approval: Northwind Logistics, 36 months")
    expect(card).to_contain_text("over their limit of 24", timeout=PATIENCE)
    desk.press(card, "Review and approve")
    form = desk.page.get_by_role("dialog", name="Approve these terms")
    expect(form).to_contain_text("USD 16,723.08", timeout=PATIENCE)
    form.get_by_role("button", name="Approve draft 2").click()
    expect(form).to_be_hidden(timeout=PATIENCE)
    expect(card).to_contain_text("Approved by Dana Whitfield", timeout=PATIENCE)
    expect(card.get_by_role("button", name="Review and approve")).to_have_count(0)


def _sign(desk: Desk, name: str) -> None:
    desk.steps().get_by_role("link", name=f"Sign as {name.split(maxsplit=1)[0]}").click(timeout=PATIENCE)
    expect(desk.page.get_by_text(f"For {name}")).to_be_visible()
    desk.page.get_by_role("button", name="Sign", exact=True).click()
    expect(desk.page.get_by_role("status")).to_contain_text("Signed. The sender has been told.")
    desk.page.get_by_role("link", name="Back to the workspace").click()


def _see_the_crm(desk: Desk) -> None:
    signed = desk.card("Signed: Northwind Logistics, 36 months")
    expect(signed).to_contain_text("CRM: 10 of 10 fields updated and read back.", timeout=PATIENCE)
    expect(signed).to_contain_text("Signed document matches the approved draft 2")
    desk.steps().get_by_role("link", name="Open ENT-3391 in the CRM").click()
    price = desk.page.get_by_role("row").filter(has=desk.page.get_by_role("rowheader", name="Monthly price"))
    for words in ("USD 17,720.00", "USD 16,723.08", "changed"):
        expect(price).to_contain_text(words)
    desk.page.get_by_role("link", name="Back to the workspace").click()
    expect(desk.steps()).to_contain_text("6 of 7 done", timeout=PATIENCE)


def _read_the_audit_trail(desk: Desk) -> None:
    desk.open("/outside/audit")
    table = desk.page.get_by_role("table").first
    for words in ("CRM written and read back", "updating CRM to renewed", "in review to approved"):
        expect(table.get_by_role("row").filter(has_text=words)).to_contain_text("ENT-3391")
    expect(table.get_by_role("row").filter(has_text="in review to approved")).to_contain_text("Dana Whitfield")
    assert desk.page.eval_on_selector_all(".table", "all => all.every(one => one.scrollWidth <= one.clientWidth)"), "a column is cut off"
    desk.page.get_by_role("link", name="Back to the workspace").click()


def _miss_another(desk: Desk) -> None:
    desk.steps().get_by_role("button", name="Jump 59 days").click()
    dialog = desk.jump_dialog()
    expect(dialog).to_contain_text("window closes, Brightway Retail", timeout=PATIENCE)
    expect(dialog).to_contain_text("2 closing windows")
    expect(dialog).not_to_contain_text(re.compile(r"\d events?"))
    dialog.get_by_role("button", name="Go there").click()
    expect(dialog).to_be_hidden(timeout=A_JUMP)
    desk.steps().get_by_role("link", name="Go to the closed window").click(timeout=PATIENCE)
    expect(desk.card("Window closed: Alpen Bank")).to_be_in_viewport(timeout=PATIENCE)
    missed = desk.card("Window closed: Brightway Retail")
    expect(missed).to_contain_text("The window for Brightway Retail closed on Fri 11 Dec 2026.", timeout=PATIENCE)
    expect(missed).to_contain_text("It will renew itself on Mon 11 Jan 2027 to Mon 10 Jan 2028 at GBP 7,250.00 a month.")
    expect(missed.get_by_role("button", name="Offer new terms anyway")).to_be_visible()


def _spoken_names_contain_the_words(page: Page) -> None:
    """Whoever clicks by voice says what stands on the button."""
    pairs = page.eval_on_selector_all(
        ".b-actions button[aria-label]", "all => all.map(one => [one.innerText, one.getAttribute('aria-label')])"
    )
    assert pairs
    assert [pair for pair in pairs if not pair[1].startswith(pair[0].strip().removesuffix("…"))] == []


def _alerts_came_in_order(place: demo.Place) -> None:
    """Alpen Bank's ladder, each lead time once and on its day."""
    owner = httpx.get(f"{place.world}/_world/slack/state", timeout=10).json()["messages"]["D0MARIA"]
    told = [re.match(r"(?:<@\w+> )?(\d+) days? to decide: Alpen Bank", each["text"]) for each in owner]
    assert [int(each[1]) for each in told if each] == sorted((int(each[1]) for each in told if each), reverse=True)
    closed = [each for each in owner if each["text"].startswith("Window closed: Alpen Bank, safe date Thu 7 Jan 2027")]
    assert len(closed) == 1


@pytest.mark.parametrize(
    "options", [{"viewport": {"width": 390, "height": 844}}, {"color_scheme": "dark", "viewport": {"width": 640, "height": 800}}]
)
def test_cards_fit_a_phone(browser: Browser, place: demo.Place, options: dict[str, object]) -> None:
    """With the real cards nothing is wider than the screen, light or dark."""
    for desk in opened(browser, place, **options):
        expect(desk.page.get_by_role("article").last).to_be_attached()
        wide = "all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 200))"
        expect(desk.page.locator("#next-event")).to_contain_text("Next event:")  # its label is the longest of the page
        assert desk.page.eval_on_selector_all("body *", wide) == []
        assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
