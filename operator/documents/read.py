"""Reads what was signed and compares it with what was approved.

Rule 1: the signed document is the approved one, page by page and word by word. What a signing service adds is allowed and nothing else:
its envelope stamp on a page, its certificate after the last page, and on a page with a signature place the mark, name and date.
Rule 2: the signers are the planned ones, by e-mail and name, all of them completed, nobody else.
Rule 3: a difference is shown as the words that differ (``12.00 %`` -> ``15.00 %``), with its page. Any difference stops the renewal.
Only text is compared: a picture laid over a page is not seen here; the vendor's seal on the PDF is what covers that.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

from contractops.operator.documents.extract import Limits, page_texts
from contractops.tools.ports import EnvelopeState
from contractops.tools.signature import SignerPlan
from contractops.tools.values import Value

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufffe]")
_STAMP = re.compile(r"docusign envelope id: [0-9a-f-]{36}", re.IGNORECASE)
_CERTIFICATE = re.compile(r"certificate of completion", re.IGNORECASE)
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_MARKS = re.compile(
    r"(?:Docu[Ss]igned by:|Signed by:|[0-9A-F]{15,20}(?:\.\.\.|…)?"
    rf"|\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|\d{{1,2}} {_MONTH} \d{{4}}|{_MONTH} \d{{1,2}}, \d{{4}}"
    r"|\d{1,2}:\d{2}(?::\d{2})?|[AP]M|UTC|GMT|[PMCE][SD]T|CES?T|JST|\s)+"
)
_CONTEXT = 2
_MOST_WORDS = 20_000  # of both pages together: comparing takes the square of it, and a page of text has 500
_LONGEST = 300


class Difference(Value):
    """One place where the signed document is not the approved one. ``page`` from 1; 0 for the document as a whole and its signers."""

    page: int
    approved: str
    signed: str


class Comparison(Value):
    """Result: ``matches`` exactly when there are no ``differences``."""

    matches: bool
    differences: tuple[Difference, ...]


def compare(
    sent: bytes, signed: bytes, expected_signers: tuple[SignerPlan, ...], state: EnvelopeState, limits: Limits | None = None
) -> Comparison:
    """The signed combined PDF against the approved one, and the envelope's signers against the plan. Raises ``InputError``."""
    approved_pages, signed_pages = page_texts(sent, limits), page_texts(signed, limits)
    differences = [*_signer_differences(expected_signers, state)]
    differences += text_differences(approved_pages, signed_pages, expected_signers, state.envelope_id)
    return Comparison(matches=not differences, differences=tuple(differences))


def text_differences(
    approved: tuple[str, ...], signed: tuple[str, ...], signers: tuple[SignerPlan, ...], envelope_id: str
) -> list[Difference]:
    """Differences of the pages' texts; the pages after the approved ones must be the envelope's certificate."""
    found = []
    for number, text in enumerate(approved, start=1):
        other = signed[number - 1] if number <= len(signed) else ""
        found += _page_differences(number, text, other, signers)
    extra = signed[len(approved) :]
    if extra and not _is_certificate(extra[0], envelope_id):
        found.append(Difference(page=len(approved) + 1, approved="", signed=_shown(normal(extra[0]))))
    return found


def normal(text: str) -> str:
    """Text as it reads: one form of each character, no invisible ones, single spaces."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).split())


def _page_differences(number: int, approved: str, signed: str, signers: tuple[SignerPlan, ...]) -> list[Difference]:
    words, other = normal(approved).split(), _STAMP.sub(" ", normal(signed)).split()
    if words == other:
        return []
    if len(words) + len(other) > _MOST_WORDS:
        return [Difference(page=number, approved=f"{len(words):,} words", signed=f"{len(other):,} words, not compared one by one")]
    may_be_signed = any(anchor in approved for each in signers for anchor in (each.anchor, each.date_anchor))
    names = {normal(each.name) for each in signers} if may_be_signed else set()
    found = []
    for tag, start, end, other_start, other_end in SequenceMatcher(a=words, b=other, autojunk=False).get_opcodes():
        added = " ".join(other[other_start:other_end])
        if tag == "equal" or (tag == "insert" and may_be_signed and _is_a_mark(added, names)):
            continue
        found.append(
            Difference(
                page=number,
                approved=_shown(_in_context(words, start, end)),
                signed=_shown(_in_context(other, other_start, other_end)),
            )
        )
    return found


def _is_a_mark(added: str, names: set[str]) -> bool:
    for name in sorted(names, key=len, reverse=True):
        added = added.replace(name, " ")
    return not added.strip() or _MARKS.fullmatch(added.strip()) is not None


def _in_context(words: list[str], start: int, end: int) -> str:
    """The words that differ, with a unit or currency beside them, so that ``12.00`` reads ``12.00 %``."""
    first = start - 1 if start and re.fullmatch(r"[A-Z]{3}", words[start - 1]) else start
    last = end + 1 if end < len(words) and words[end] in ("%", "months", "month", "days") else end
    return " ".join(words[first:last]) if end > start else " ".join(words[max(start - _CONTEXT, 0) : end + _CONTEXT])


def _is_certificate(text: str, envelope_id: str) -> bool:
    squeezed = normal(text).replace(" ", "").lower()
    return bool(_CERTIFICATE.search(normal(text))) and envelope_id.replace(" ", "").lower() in squeezed


def _signer_differences(expected: tuple[SignerPlan, ...], state: EnvelopeState) -> list[Difference]:
    found = []
    if state.status != "completed":
        found.append(Difference(page=0, approved="envelope completed", signed=f"envelope {state.status}"))
    left = list(state.recipients)
    for plan in expected:
        person = next((each for each in left if _address(each.email) == _address(plan.email)), None)
        if person is not None:
            left.remove(person)
        seen = f"{person.name} <{person.email}>, {person.status}" if person else "nobody with this address"
        right = person is not None and person.status == "completed" and normal(person.name).casefold() == normal(plan.name).casefold()
        if not right:
            found.append(Difference(page=0, approved=f"{plan.name} <{plan.email}>, completed", signed=seen))
    found += [Difference(page=0, approved="no further signer", signed=f"{each.name} <{each.email}>, {each.status}") for each in left]
    return found


def _address(email: str) -> str:
    return email.strip().casefold()


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
