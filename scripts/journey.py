"""Plays one renewal from the import to the CRM, from the outside, and checks each step.

Rules of this module:

1. It imports nothing of contractops: it sees what a person, a vendor or the shell can see, over HTTP and the command line.
2. A step either holds, and says in words what was seen, or stops the journey with what was expected and what was there.
3. It waits for a visible result, never for a fixed time.

Run by `contractops demo --script`, or by hand:
`python scripts/journey.py --world URL --cli "CMD ..." --control FILE [--sample FOLDER]`. CMD finds the database by its own
environment or options. FILE is JSON {"operator_pid_file": path, "restart": [program, argument, ...], "log": path}: how to kill the
operator, how to start it again, and where it writes.
"""

import argparse
import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

Json = dict[str, Any]
T = TypeVar("T")

PATIENCE: Final = 40.0
"""Seconds until a result that a person waits for counts as missing."""
GLANCE: Final = 0.05
STATES: Final = ("safe", "due", "missed", "unknown")
CONTRACT: Final = "ENT-3391"
ACCOUNT: Final = "Northwind Logistics"
OWNER, APPROVER, SIGNER = "Maria Ortiz", "Dana Whitfield", "Priya Nair"
DEADLINE: Final = "Fri 5 Feb 2027, 17:00 CST"
FINGERPRINT: Final = re.compile(r"fingerprint ([0-9a-f]{4} [0-9a-f]{4})")
FIELDS_WRITTEN: Final = re.compile(r"CRM: (\d+) of (\d+) fields updated and read back")


class NotHeldError(Exception):
    """An expectation that did not hold: what was expected, and what was there."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}; found {found}")


@dataclass(frozen=True)
class Card:
    """A Slack message as it stands now. `channel` and `ts` name it; `text` is all a screen reader says."""

    channel: str
    ts: str
    text: str
    blocks: tuple[Json, ...]

    def button(self, label: str) -> Json | None:
        """The button whose label begins with `label`, with its `block_id`."""
        for block in self.blocks:
            for element in (*block.get("elements", ()), block.get("accessory")):
                if element and element.get("type") == "button" and element["text"]["text"].startswith(label):
                    return {"block_id": block.get("block_id", ""), **element}
        return None

    def says(self, *words: str) -> bool:
        """Whether the card, spoken or shown, contains all of `words`."""
        shown = self.text + json.dumps(self.blocks, ensure_ascii=False)
        return all(word in shown for word in words)


class World:
    """The outside world's own addresses at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> Any:
        """The JSON answer of GET `path`. Raises NotHeldError when it is refused."""
        return self._send("GET", path, None)

    def post(self, path: str, body: Json) -> Any:
        """The JSON answer of POST `path`. Raises NotHeldError when it is refused."""
        return self._send("POST", path, body)

    def delete(self, path: str) -> None:
        """DELETE `path`. Raises NotHeldError when it is refused."""
        self._send("DELETE", path, None)

    def _send(self, method: str, path: str, body: Json | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}{path}", data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - loopback
        try:
            with self._opener.open(request, timeout=150) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise NotHeldError(f"{method} {path} to be answered", f"{refused.code} {refused.read().decode()[:300]}") from refused
        except urllib.error.URLError as silent:
            raise NotHeldError(f"{method} {path} to be answered", str(silent.reason)) from silent

    def now(self) -> datetime:
        """The world's clock, aware."""
        return datetime.fromisoformat(self.get("/_world/clock")["now"])

    def slack(self) -> Json:
        """Everything in the workspace."""
        state: Json = self.get("/_world/slack/state")
        return state

    def person(self, name: str) -> str:
        """The Slack id of the person with the real name `name`."""
        found: str = next(user["id"] for user in self.slack()["users"] if user.get("real_name", user["name"]) == name)
        return found

    def cards(self) -> Iterator[Card]:
        """Every message of every conversation, oldest first."""
        for channel, messages in self.slack()["messages"].items():
            for message in messages:
                yield Card(channel, message["ts"], message.get("text", ""), tuple(message.get("blocks") or ()))

    def card(self, expected: str, *words: str, button: str = "") -> Card:
        """The newest card with all `words` and the button, once it is there. Raises NotHeldError naming `expected`."""

        def newest() -> Card | None:
            found = [card for card in self.cards() if card.says(*words) and (not button or card.button(button))]
            return found[-1] if found else None

        return wait(newest, expected, self._heads)

    def click(self, name: str, card: Card, label: str, *, repeat: int = 1, late: bool = False) -> None:
        """`name` clicks the button of `card`, `repeat` times at once. `late`: as it was shown then, also when it is gone by now."""
        button = card.button(label)
        if button is None:
            raise NotHeldError(f'a button "{label}"', card.text[:200])
        body = {"user": self.person(name), "channel": card.channel, "ts": card.ts, "action_id": button["action_id"]}
        body |= {"block_id": button["block_id"], "repeat": repeat}
        if late:
            body |= {"value": button.get("value", ""), "force": True}
        answer = self.post("/_world/slack/act", body)
        if not answer["acked"]:
            raise NotHeldError(f'the click on "{label}" to be acknowledged', json.dumps(answer)[:300])

    def submit(self, name: str, expected: str, values: Json) -> None:
        """`name` fills the form on the screen and sends it; it must close without errors."""
        person = self.person(name)

        def top() -> Json | None:
            mine = [view for view in self.slack()["views"] if view["user"] == person]
            return mine[-1]["view"] if mine else None

        view = wait(top, expected, lambda: "no form on the screen")
        answer = self.post("/_world/slack/submit", {"user": person, "view_id": view["id"], "values": values})
        if answer.get("errors") or answer["open"]:
            raise NotHeldError(f"{expected} to be accepted", json.dumps(answer)[:300])

    def _heads(self) -> str:
        heads = [card.text[:90] for card in self.cards()][-6:]
        return " | ".join(heads) or "no message at all"


def wait(look: Callable[[], T | None], expected: str, otherwise: Callable[[], str]) -> T:
    """The first thing that `look` sees. Raises NotHeldError with `otherwise()` when it sees nothing in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen = look()
        if seen is not None:
            return seen
        time.sleep(GLANCE)
    raise NotHeldError(expected, otherwise())


class Operator:
    """The operator as the shell sees it: a command line, and a process that can be killed and started."""

    def __init__(self, cli: str, control: Path) -> None:
        self._cli = shlex.split(cli)
        self._control = json.loads(control.read_text(encoding="utf-8"))
        self._started: list[subprocess.Popen[bytes]] = []

    def ask(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> Json:
        """The JSON that a command prints. Raises NotHeldError for another exit code."""
        ran = subprocess.run([*self._cli, *arguments, "--json"], capture_output=True, text=True, check=False)
        if ran.returncode not in allowed:
            raise NotHeldError(f"{arguments[0]} to exit with {allowed[0]}", f"{ran.returncode}: {ran.stderr.strip()[-300:]}")
        answer: Json = json.loads(ran.stdout)
        return answer

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        pid = int(Path(self._control["operator_pid_file"]).read_text(encoding="utf-8"))
        os.kill(pid, signal.SIGKILL)
        wait(lambda: True if not _alive(pid) else None, "the operator to be gone after SIGKILL", lambda: f"process {pid} still runs")

    def start(self) -> None:
        """Start it again, as it was started first."""
        with Path(self._control["log"]).open("ab") as log:
            self._started.append(subprocess.Popen(self._control["restart"], stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def stop(self) -> None:
        """End what this journey started."""
        for process in self._started:
            process.terminate()
            process.wait(timeout=PATIENCE)


def _alive(pid: int) -> bool:
    """Whether `pid` still runs; a killed child that its parent has not asked for yet counts as gone."""
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return bool(status) and not status.startswith("Z")


class Journey:
    """The ten steps. Each method returns what it saw, in words; what later steps need stands in fields."""

    def __init__(self, world: World, operator: Operator, sample: Path) -> None:
        self._world = world
        self._operator = operator
        self._sample = sample
        self._report: Json = {"files": [], "problems": []}
        self._drafts: dict[int, Card] = {}

    def steps(self) -> tuple[Callable[[], str], ...]:
        """All steps in order."""
        return (
            self.read_the_sample,
            self.cover_every_contract,
            self.find_the_alert,
            self.prepare,
            self.edit,
            self.click_the_old_draft,
            self.approve,
            self.kill_before_sending,
            self.sign,
            self.read_the_crm,
        )

    def imported(self, entity: str) -> int:
        """Rows of one kind that stand in the database after the import."""
        files = (each for each in self._report["files"] if each["entity"] == entity)
        return sum(each["new"] + each["changed"] + each["unchanged"] for each in files)

    def read_the_sample(self) -> str:
        """Import the sample portfolio by the command line."""
        self._report = self._operator.ask("import", str(self._sample), allowed=(0, 1))
        if not self.imported("contracts"):
            raise NotHeldError("contracts in the sample", json.dumps(self._report)[:300])
        return f"imported {self.contracts()} contracts, {self.imported('tickets')} tickets, {self.imported('documents')} documents"

    def contracts(self) -> int:
        """Contracts of the sample, counted in its own file: an amendment is part of the contract it changes."""
        with (self._sample / "contracts.csv").open(encoding="utf-8", newline="") as rows:
            return sum(row["kind"] == "msa" for row in csv.DictReader(rows))

    def reported(self) -> list[str]:
        """The rows that the import reported, one line each."""
        return [
            f"{each['code']} {each['file']} line {each['line']}, {each['column']}: {each['reason']}" for each in self._report["problems"]
        ]

    def cover_every_contract(self) -> str:
        """Every contract stands in exactly one of four states, and they add up to the portfolio."""
        rows = self._operator.ask("coverage")["contracts"]
        counts = Counter(row["state"] for row in rows)
        total = self.contracts()
        if set(counts) - set(STATES) or sum(counts.values()) != total:
            raise NotHeldError(f"{total} contracts in {', '.join(STATES)}", str(dict(counts)))
        if not counts["due"] or not counts["missed"] or not counts["unknown"]:
            raise NotHeldError("contracts that are due, missed and unknown in the sample", str(dict(counts)))
        return f"coverage: {', '.join(f'{counts[state]} {state}' for state in STATES)} = {total}"

    def find_the_alert(self) -> str:
        """The alert waits for the owner, with the deadline in the contract's own zone."""
        self._alert()
        return f"Slack: alert to {OWNER}, {ACCOUNT}, decide by {DEADLINE.replace(',', '')}"

    def prepare(self) -> str:
        """One click makes the first draft."""
        self._world.click(OWNER, self._alert(), "Prepare terms")
        self._drafts[1] = self._draft(1, "12 months", "USD 19,003.50 a month")
        return 'click "Prepare terms": draft 1, 12 months, USD 19,003.50 a month'

    def edit(self) -> str:
        """The owner's edit makes a second draft and stamps the first."""
        self._world.click(OWNER, self._drafts[1], "Edit terms")
        self._world.submit(OWNER, "the form to edit draft 1", {"term": "36", "discount": "12.00"})
        self._drafts[2] = self._draft(2, "36 months", "USD 16,723.08 a month")
        first = self._drafts[1]
        self._seen_again(
            first, 'draft 1 stamped "Replaced", its buttons gone', lambda card: card.says("Replaced") and not card.button("Approve")
        )
        return 'edit to 36 months, 12.00 %: draft 2, USD 16,723.08; draft 1 stamped "Replaced"'

    def click_the_old_draft(self) -> str:
        """A click that was already on its way when the draft was replaced is answered and changes nothing."""
        before = self._card_now(self._drafts[2])
        self._world.click(OWNER, self._drafts[1], "Approve draft 1", late=True)
        answer = "This is draft 1."
        wait(lambda: self._whisper(OWNER, answer), f'the answer "{answer}" to {OWNER} only', lambda: str(self._whispers(OWNER)[-3:]))
        if self._card_now(self._drafts[2]) != before:
            raise NotHeldError("draft 2 unchanged", self._card_now(self._drafts[2]).text[:200])
        return 'click on old draft 1: answered "This is draft 1…", nothing changed'

    def approve(self) -> str:
        """Two people approve, one of them clicking three times; the vendor is down meanwhile, so that nothing can be sent yet."""
        fault = {"surface": "docusign", "operation": "*", "kind": "status", "status": 503, "times": 100_000, "retry_after": 1}
        self._world.post("/_world/faults", fault)
        self._world.click(OWNER, self._drafts[2], "Approve draft 2", repeat=3)
        review = self._world.card(f"an approval card for {APPROVER}", ACCOUNT, "36 months", button="Review and approve")
        asked = [card for card in self._world.cards() if card.button("Review and approve")]
        if len(asked) != 1:
            raise NotHeldError("one decision from three clicks, so one approval card", f"{len(asked)} cards")
        self._world.click(APPROVER, review, "Review and approve")
        self._world.submit(APPROVER, "the form to approve draft 2", {})
        self._seen_again(review, f'the card stamped "Approved by {APPROVER}"', lambda card: card.says(f"pproved by {APPROVER}"))
        return "Maria approves, Dana approves (clicked 3 times: 1 decision)"

    def kill_before_sending(self) -> str:
        """The operator dies with an approved draft that it could not send; after the restart exactly one envelope exists."""
        if self._envelopes():
            raise NotHeldError("no envelope while DocuSign is down", f"{len(self._envelopes())}")
        self._operator.kill()
        self._world.delete("/_world/faults")
        self._operator.start()
        self._world.card("the owner told that it was sent", f"Sent to {SIGNER}")
        if len(self._envelopes()) != 1:
            raise NotHeldError("1 envelope", f"{len(self._envelopes())}")
        return "killed the operator before sending, restarted: 1 envelope"

    def sign(self) -> str:
        """Everybody signs in their order; meanwhile somebody changes a field in the CRM by hand."""
        edit = {"object": "Contract", "external_id": CONTRACT, "fields": {"Billing_Contact__c": "Tom Reyes"}, "by": "J. Kim"}
        self._world.post("/_world/salesforce/edit", edit)
        envelope = self._envelopes()[0]
        signers = sorted(envelope["recipients"]["signers"], key=lambda each: int(each["routingOrder"]))
        if signers[0]["name"] != SIGNER:
            raise NotHeldError(f"{SIGNER} to sign first", signers[0]["name"])
        for signer in signers:
            act = {"envelope_id": envelope["envelopeId"], "recipient": signer["email"], "action": "sign"}
            self._world.post("/_world/docusign/act", act)
        signed = self._world.card(f"the card that {ACCOUNT} signed", f"Signed: {ACCOUNT}, 36 months", "matches the approved draft 2")
        approved, received = _fingerprint(self._drafts[2]), _fingerprint(signed)
        if approved != received:
            raise NotHeldError(f"the fingerprint {approved} that was approved", received)
        return f"Priya signs; signed PDF matches fingerprint {received}"

    def read_the_crm(self) -> str:
        """What the card says was written stands in the CRM; what a person changed there was not overwritten."""
        card = self._world.card("the card that counts the fields of the CRM", f"Signed: {ACCOUNT}", "fields updated and read back")
        counted = FIELDS_WRITTEN.search(card.text)
        if counted is None or not card.says("1 field needs you"):
            raise NotHeldError("all fields but 1 written and 1 conflict shown", card.text[:400])
        records = self._world.get("/_world/salesforce/records")
        fields = next(each["fields"] for each in records if each["external_id"] == CONTRACT and each["object"] == "Contract")
        if fields["Billing_Contact__c"] != "Tom Reyes":
            raise NotHeldError("the billing contact as J. Kim left it", str(fields["Billing_Contact__c"]))
        if "2030-04-07" not in fields.values() or not any(str(value) == "16723.08" for value in fields.values()):
            raise NotHeldError("16723.08 a month to 2030-04-07 in the CRM", json.dumps(fields))
        return f"CRM: {counted[1]} of {counted[2]} fields written and read back, 1 conflict shown"

    def _alert(self) -> Card:
        return self._world.card(f'an alert "{ACCOUNT}" with "{DEADLINE}"', ACCOUNT, f"Decide by {DEADLINE}", button="Prepare terms")

    def _draft(self, number: int, *words: str) -> Card:
        title = f"Draft {number}: {ACCOUNT}"
        return self._world.card(f'"{title}" with {" and ".join(words)}', title, *words, button=f"Approve draft {number}")

    def _card_now(self, card: Card) -> Card:
        return next(each for each in self._world.cards() if (each.channel, each.ts) == (card.channel, card.ts))

    def _seen_again(self, card: Card, expected: str, holds: Callable[[Card], bool]) -> None:
        wait(lambda: True if holds(self._card_now(card)) else None, expected, lambda: self._card_now(card).text[:300])

    def _whispers(self, name: str) -> list[str]:
        person = self._world.person(name)
        return [each.get("text", "") for each in self._world.slack()["ephemeral"] if each["only_for"] == person]

    def _whisper(self, name: str, words: str) -> str | None:
        return next((text for text in self._whispers(name) if words in text), None)

    def _envelopes(self) -> list[Json]:
        envelopes: list[Json] = self._world.get("/_world/docusign/envelopes")
        return envelopes


def _fingerprint(card: Card) -> str:
    found = FINGERPRINT.search(card.text)
    if found is None:
        raise NotHeldError("a document fingerprint on the card", card.text[:300])
    return found[1]


def play(journey: Journey, world: World) -> int:
    """Run the steps, one line each. Returns 0 when all held, else 1."""
    started = time.monotonic()
    steps = journey.steps()
    for number, step in enumerate(steps, 1):
        begun = time.monotonic()
        try:
            words = step()
        except NotHeldError as failure:
            print(f"{number:2}  FAILED  {step.__doc__}\n            {failure}", flush=True)
            print(f"{number - 1} of {len(steps)} expectations held in {time.monotonic() - started:.1f} s.")
            return 1
        if number == 1:
            print(_header(journey, world))
        _line(number, words, time.monotonic() - begun, len(journey.reported()) if number == 1 else 0)
    for line in journey.reported():
        print(f"reported  {line}")
    print(f"All {len(steps)} expectations held in {time.monotonic() - started:.1f} s. Try it by hand: make demo")
    return 0


def _header(journey: Journey, world: World) -> str:
    now = world.now().astimezone(ZoneInfo("America/Chicago"))
    clock = f"{now:%a} {now.day} {now:%b %Y %H:%M %Z}"
    return f"contractops demo: {journey.imported('accounts')} accounts, {journey.contracts()} contracts, clock at {clock}"


def _line(number: int, words: str, seconds: float, reported: int) -> None:
    took = f"{seconds:5.1f} s" if seconds >= 1 else ""
    note = f"   ({reported} rows reported, see below)" if reported else ""
    print(f"{number:2}  ok  {words:<80}{took}{note}".rstrip(), flush=True)


def main() -> int:
    """Read the command line, play, and stop what was started. Returns 0 only when every expectation held."""
    parser = argparse.ArgumentParser(description="Plays one renewal from the outside and checks each step.")
    parser.add_argument("--world", required=True, help="address of the local world")
    parser.add_argument("--cli", required=True, help="how to call the command line")
    parser.add_argument("--control", required=True, type=Path, help="JSON file: operator_pid_file, restart")
    parser.add_argument(
        "--sample", type=Path, default=Path(__file__).resolve().parent.parent / "sample" / "portfolio", help="folder to import"
    )
    given = parser.parse_args()
    world, operator = World(given.world), Operator(given.cli, given.control)
    try:
        return play(Journey(world, operator, given.sample), world)
    finally:
        operator.stop()


if __name__ == "__main__":
    sys.exit(main())
