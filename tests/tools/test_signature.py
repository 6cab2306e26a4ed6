"""Claims about authority, approvals and the envelope."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contractops.tools.errors import Refused
from contractops.tools.signature import AuthorityMatrix, RoleLimit, plan_envelope, plan_signers, required_approvals
from tests.tools.northwind import DANA, DRAFT_2, MARIA, MATRIX, NOW, PRIYA, STAFF, person, terms, usd

WITHIN = {"term_months": 24, "discount_pct": Decimal("10.00"), "effective_discount_pct": Decimal("10.00"), "total": usd("400000.00")}


def asked(draft, staff=STAFF, owner="maria", **more):
    return required_approvals(draft, owner, staff, MATRIX, **more)


def changed(**changes):
    return terms().model_copy(update=WITHIN | changes)


def envelope(draft=None, now=NOW, staff=STAFF):
    return plan_envelope(draft or terms(), renewal_id="R-1", document_sha256="ab" * 32, people=staff, matrix=MATRIX, now=now)


def test_the_worked_example_needs_the_owner_and_then_vp_sales():
    """36 months is over her 24 and 12.00 % is over her 10.00 %."""
    owner, second = asked(terms())
    assert (owner.number, owner.role, owner.allowed) == (1, "account_owner", ("maria",))
    assert (second.number, second.role, second.allowed) == (2, "vp_sales", ("dana",))
    assert [(one.code, one.values["limit"]) for one in second.why] == [("approval.term_over", 24), ("approval.discount_over", "10.00")]


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({}, 1),
        ({"effective_discount_pct": Decimal("10.005")}, 2),
        ({"effective_discount_pct": Decimal("10.01")}, 2),
        ({"term_months": 25}, 2),
        ({"total": usd("1000000.00")}, 1),
        ({"total": usd("1000000.01")}, 2),
        ({"currency": "CHF"}, 2),
    ],
)
def test_limits_are_exact(changes, steps):
    """Exactly 10.00 % is within the limit, 10.005 % is not; a currency without a limit climbs."""
    assert len(asked(changed(**changes))) == steps


def test_a_split_discount_climbs():
    """9 % and two free months pass as 9 % on paper; the effective discount needs VP Sales."""
    split = DRAFT_2.model_copy(update={"term_months": 24, "discount_pct": Decimal("6.00"), "free_months": 1})
    assert len(asked(terms(split))) == 1  # 9.92 %
    more = split.model_copy(update={"free_months": 2})
    assert [one.code for one in asked(terms(more))[1].why] == ["approval.discount_over"]  # 13.83 %


def test_an_owner_with_the_authority_decides_alone():
    assert len(asked(terms(), owner="dana")) == 1


def test_the_preparer_is_never_the_second_approver():
    """Dana prepared it for Maria: somebody else of a fitting role must decide, here nobody; then the CEO."""
    assert asked(terms(), prepared_by="dana")[1].allowed == ()
    staff = (*STAFF, person("eve", "Eve Stone", "ceo"))
    assert asked(terms(), staff, prepared_by="dana")[1].allowed == ("eve",)


def test_who_has_left_is_not_asked():
    gone = DANA.model_copy(update={"active": False})
    second = asked(terms(), (MARIA, gone))[1]
    assert (second.allowed, second.why[-1].code) == ((), "approval.nobody_in_role")
    assert asked(terms(), (DANA,))[0].allowed == ()


def test_an_owner_without_a_level_needs_a_second_approval():
    assert asked(changed(), owner="sam")[1].allowed == ("maria",)


def test_terms_above_every_role_say_so():
    low = AuthorityMatrix(levels=(RoleLimit(role="account_owner", max_term_months=12),))
    second = required_approvals(terms(), "maria", STAFF, low)[1]
    assert (second.allowed, second.why[-1].code) == ((), "approval.above_every_role")


def two_needed() -> AuthorityMatrix:
    """As the usual matrix, but two VPs must approve."""
    return AuthorityMatrix(levels=tuple(one.model_copy(update={"needed": 2}) if one.role == "vp_sales" else one for one in MATRIX.levels))


def test_a_role_of_which_two_must_approve_gives_two_steps():
    """Each step may be decided by any of them but the owner and the preparer; the reason stands once."""
    staff = (*STAFF, person("eve", "Eve Stone", "vp_sales"))
    steps = required_approvals(terms(), "maria", staff, two_needed())
    assert [(one.number, one.role, one.allowed, one.group) for one in steps[1:]] == [
        (2, "vp_sales", ("dana", "eve"), 2),
        (3, "vp_sales", ("dana", "eve"), 2),
    ]
    assert steps[1].why
    assert not steps[2].why


def test_a_role_with_too_few_people_is_passed_over():
    """One VP where two must approve: the next role decides; without it nobody can."""
    assert required_approvals(terms(), "maria", STAFF, two_needed())[1].allowed == ()
    staff = (*STAFF, person("eve", "Eve Stone", "ceo"))
    assert [one.allowed for one in required_approvals(terms(), "maria", staff, two_needed())[1:]] == [("eve",)]
    both = (*STAFF, person("eve", "Eve Stone", "vp_sales"))
    assert required_approvals(terms(), "maria", both, two_needed(), prepared_by="eve")[1].allowed == (), "the author is not one of the two"


def test_the_customer_signs_first_then_the_lowest_role_that_may():
    """Sent to Priya Nair (COO), then Dana Whitfield for us; signing closes Fri 29 Jan 2027, 17:00 CST."""
    plan = envelope()
    assert [(one.order, one.role, one.name) for one in plan.signers] == [(1, "customer", "Priya Nair"), (2, "supplier", "Dana Whitfield")]
    assert plan.expires_at == datetime(2027, 1, 29, 23, 0, tzinfo=UTC)
    assert plan.expire_after_days == 54
    anchors = [anchor for one in plan.signers for anchor in (one.anchor, one.date_anchor)]
    assert len(set(anchors)) == 4
    assert (plan.document_sha256, plan.draft_number) == ("ab" * 32, 2)


@pytest.mark.parametrize(
    ("now", "expires"),
    [
        (datetime(2027, 1, 28, 23, 0, tzinfo=UTC), datetime(2027, 1, 29, 23, 0, tzinfo=UTC)),
        (datetime(2027, 1, 29, 0, 0, tzinfo=UTC), datetime(2027, 2, 5, 23, 0, tzinfo=UTC)),  # too near: the deadline itself
        (datetime(2027, 2, 8, 0, 0, tzinfo=UTC), datetime(2027, 2, 22, 0, 0, tzinfo=UTC)),  # missed: 14 days
        (datetime(2027, 4, 1, 0, 0, tzinfo=UTC), datetime(2027, 4, 7, 22, 0, tzinfo=UTC)),  # or the last hour of the term
    ],
)
def test_when_signing_closes(now, expires):
    assert envelope(now=now).expires_at == expires


@pytest.mark.parametrize(
    ("draft", "staff", "code"),
    [
        (terms().model_copy(update={"signer": None}), STAFF, "CO-SIG-001"),
        (terms().model_copy(update={"signer": PRIYA.model_copy(update={"may_sign": False})}), STAFF, "CO-SIG-001"),
        (terms(), (MARIA,), "CO-SIG-002"),
        (terms(), (MARIA, DANA.model_copy(update={"active": False})), "CO-SIG-002"),
    ],
)
def test_nobody_signs_without_right(draft, staff, code):
    with pytest.raises(Refused) as raised:
        plan_signers(draft, staff, MATRIX)
    assert raised.value.code == code
