"""Pricing lookup: the renewal price from the order lines, the change orders, the uplift clause and the price book.

Rule 1: now -> net of the change orders -> uplift (never above the clause) -> discount -> rounded once to the currency, half to even.
Rule 2: the discount that counts is the effective one over the whole term: free months and one-time allowances are part of it, exact, not rounded.
Rule 3: a line or term without a price book entry, or a line without a price, is a blocking finding, never a guess.
Rule 4: lines are shares of the rounded total and add up to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from contractops.tools.deal import ANY_REGION, ChangeOrder, OrderLine, PriceBookEntry, PriceRequest, UpliftKind, UpliftRule
from contractops.tools.values import Finding, Money, Reason, Scalar, Severity, Value, minor_units

__all__ = [
    "ANY_REGION",
    "ChangeOrder",
    "Offer",
    "OrderLine",
    "PriceBookEntry",
    "PriceRequest",
    "PriceResult",
    "PricedLine",
    "RenewalPrice",
    "UpliftKind",
    "UpliftRule",
    "effective_discount",
    "offers",
    "price_renewal",
]

_HUNDRED = Decimal(100)
_TWO_DECIMALS = Decimal("0.01")
_ONE_DAY = timedelta(days=1)


class PricedLine(Value):
    """A line with today's price (change orders netted) and the new one, a month."""

    line_id: str
    order_id: str
    product: str
    description: str
    site: str | None
    circuit_id: str | None
    quantity: int
    now: Money
    new: Money


class RenewalPrice(Value):
    """The price of one renewal. Money a month unless it says total.

    ``current`` is today's price; ``base`` is what of it is carried into the new term (all change orders, unless some were left out). Per cents are exact; ``change_pct`` and ``max_discount_pct`` have two decimals.

    ``given`` is what the discount, free months and allowance cost over the term; ``arr_effect`` is twelve times the change a month.
    """

    term_months: int
    currency: str
    current: Money
    base: Money
    uplift_pct: Decimal
    uplifted: Money
    discount_pct: Decimal
    monthly: Money
    total: Money
    given: Money
    effective_discount_pct: Decimal
    floor: Money
    floor_kept: bool
    max_discount_pct: Decimal
    change_pct: Decimal
    arr_effect: Money
    free_months: int
    one_time_allowance: Money | None
    price_book_version: str
    change_orders: tuple[str, ...]
    lines: tuple[PricedLine, ...]
    reasons: tuple[Reason, ...]


class PriceResult(Value):
    """A price, or None with the blocking findings."""

    price: RenewalPrice | None
    findings: tuple[Finding, ...] = ()


class Offer(Value):
    """One line of the offers: a term with its price against today's."""

    term_months: int
    monthly: Money
    total: Money
    discount_pct: Decimal
    change_pct: Decimal


def price_renewal(
    lines: tuple[OrderLine, ...],
    change_orders: tuple[ChangeOrder, ...],
    price_book: tuple[PriceBookEntry, ...],
    uplift: UpliftRule,
    request: PriceRequest,
) -> PriceResult:
    """The renewal price of ``lines``.

    No price comes back while a line, a currency or a book entry is missing; a broken floor or cap still shows its price, with a blocking finding.
    """
    findings = [*_line_findings(lines, request.start), *_change_findings(lines, change_orders)]
    entries = {line.line_id: _entry(price_book, line, request.term_months) for line in lines}
    findings += [_no_entry(price_book, line, request.term_months) for line in lines if entries[line.line_id] is None]
    findings += _currency_findings(lines, change_orders, [entry for entry in entries.values() if entry is not None])
    findings += _request_findings(uplift, request)
    now, base = _netted(lines, change_orders, request)
    if not findings and sum(base.values(), Decimal(0)) <= 0:
        findings.append(_finding("pricing.nothing_to_price", "price"))
    findings += [_finding("pricing.negative_price", line, price=f"{price}") for line, price in {**now, **base}.items() if price < 0]
    if any(one.code not in _SHOWN_WITH_PRICE for one in findings):
        return PriceResult(price=None, findings=tuple(findings))
    price = _price(lines, now, base, entries, change_orders, uplift, request)
    if not price.floor_kept:
        values = {
            "discount_pct": f"{request.discount_pct}",
            "floor": f"{price.floor.amount}",
            "currency": price.currency,
            "max": f"{price.max_discount_pct}",
        }
        findings.append(_finding("pricing.floor_broken", "discount_pct", **values))
    return PriceResult(price=price, findings=tuple(findings))


def offers(
    lines: tuple[OrderLine, ...],
    change_orders: tuple[ChangeOrder, ...],
    price_book: tuple[PriceBookEntry, ...],
    uplift: UpliftRule,
    request: PriceRequest,
    terms: Iterable[int],
) -> tuple[Offer, ...]:
    """One offer a term of ``terms`` (months) that every line has a book entry for, with the book's own term discount. Terms without one are left out."""
    found = []
    for months in terms:
        entries = [_entry(price_book, line, months) for line in lines]
        discounts = [entry.term_discount_pct for entry in entries if entry is not None]
        if len(discounts) < len(entries) or not discounts:
            continue
        asked = request.model_copy(update={"term_months": months, "discount_pct": min(discounts)})
        price = price_renewal(lines, change_orders, price_book, uplift, asked).price
        if price is not None:
            found.append(
                Offer(
                    term_months=months,
                    monthly=price.monthly,
                    total=price.total,
                    discount_pct=price.discount_pct,
                    change_pct=price.change_pct,
                )
            )
    return tuple(found)


def effective_discount(gross: Decimal, request: PriceRequest) -> Decimal:
    """Discount over the whole term in per cent, with free months and the allowance. ``gross`` is the undiscounted price a month. Not rounded."""
    paid = request.term_months - request.free_months
    allowance = request.one_time_allowance.amount if request.one_time_allowance else Decimal(0)
    kept = (_HUNDRED - request.discount_pct) * paid / request.term_months
    return _HUNDRED - kept + _HUNDRED * allowance / (gross * request.term_months)


_SHOWN_WITH_PRICE = frozenset({"pricing.uplift_above_cap", "pricing.uplift_not_fixed"})
"""Findings that block an approval but not the look at the price."""


def _price(
    lines: tuple[OrderLine, ...],
    now: dict[str, Decimal],
    base: dict[str, Decimal],
    entries: dict[str, PriceBookEntry | None],
    change_orders: tuple[ChangeOrder, ...],
    uplift: UpliftRule,
    request: PriceRequest,
) -> RenewalPrice:
    known = [(line, entry) for line in lines if (entry := entries[line.line_id]) is not None]
    currency = known[0][1].floor.currency
    current, carried = _money(sum(now.values()), currency).rounded(), _money(sum(base.values()), currency).rounded()
    uplifted = (carried + carried.percent(request.uplift_pct)).rounded()
    monthly = (uplifted - uplifted.percent(request.discount_pct)).rounded()
    months = request.term_months
    allowance = request.one_time_allowance or Money.zero(currency)
    total = monthly.times(months - request.free_months) - allowance
    floor = _money(sum(entry.floor.amount * line.quantity for line, entry in known), currency)
    shares = _shares([base[line.line_id] for line in lines], monthly)
    taken = [one for one in change_orders if _carried(one, request)]
    return RenewalPrice(
        term_months=months,
        currency=currency,
        current=current,
        base=carried,
        uplift_pct=request.uplift_pct,
        uplifted=uplifted,
        discount_pct=request.discount_pct,
        monthly=monthly,
        total=total,
        given=uplifted.times(months) - total,
        effective_discount_pct=effective_discount(uplifted.amount, request),
        floor=floor,
        floor_kept=total.amount >= floor.amount * months,
        max_discount_pct=_max_discount(uplifted, floor, request),
        change_pct=_change_pct(current, monthly),
        arr_effect=(monthly - current).times(12),
        free_months=request.free_months,
        one_time_allowance=request.one_time_allowance,
        price_book_version=", ".join(sorted({entry.version for _, entry in known})),
        change_orders=tuple(one.order_id for one in taken),
        lines=tuple(_priced(line, now[line.line_id], share) for line, share in zip(lines, shares, strict=True)),
        reasons=_entered(lines, request) + _explain(current, carried, uplifted, monthly, total, floor, change_orders, uplift, request),
    )


def _priced(line: OrderLine, now: Decimal, new: Money) -> PricedLine:
    return PricedLine(
        line_id=line.line_id,
        order_id=line.order_id,
        product=line.product,
        description=line.description,
        site=line.site,
        circuit_id=line.circuit_id,
        quantity=line.quantity,
        now=_money(now, new.currency).rounded(),
        new=new,
    )


def _money(amount: Decimal | int, currency: str) -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def _max_discount(uplifted: Money, floor: Money, request: PriceRequest) -> Decimal:
    """The highest discount of two decimals that keeps the floor over the whole term, free months and allowance counted. At least 0."""
    paid = request.term_months - request.free_months
    if paid <= 0:
        return Decimal("0.00")
    allowance = request.one_time_allowance.amount if request.one_time_allowance else Decimal(0)
    needed = (floor.amount * request.term_months + allowance) / paid
    highest = (_HUNDRED - _HUNDRED * needed / uplifted.amount).quantize(_TWO_DECIMALS, rounding=ROUND_DOWN)
    return max(Decimal("0.00"), min(highest, Decimal("100.00")))


def _change_pct(current: Money, monthly: Money) -> Decimal:
    if not current.amount:
        return Decimal("0.00")
    return (_HUNDRED * (monthly.amount - current.amount) / current.amount).quantize(_TWO_DECIMALS, rounding=ROUND_HALF_EVEN)


def _shares(weights: list[Decimal], total: Money) -> list[Money]:
    """``total`` divided in proportion to ``weights``; the minor units left over go to the largest remainders, so that the sum is exact."""
    step = Decimal(1).scaleb(-minor_units(total.currency))
    whole = sum(weights, Decimal(0))
    exact = [total.amount * weight / whole for weight in weights]
    shares = [amount.quantize(step, rounding=ROUND_DOWN) for amount in exact]
    left = int((total.amount - sum(shares, Decimal(0))) / step)
    by_remainder = sorted(range(len(weights)), key=lambda index: (shares[index] - exact[index], index))
    for index in by_remainder[:left]:
        shares[index] += step
    return [_money(share, total.currency) for share in shares]


def _carried(change: ChangeOrder, request: PriceRequest) -> bool:
    return request.change_orders is None or change.order_id in request.change_orders


def _line_of(change: ChangeOrder, lines: tuple[OrderLine, ...]) -> OrderLine | None:
    """The line a change order changes: the one it names, else the first line of its service order."""
    own = [line for line in lines if line.order_id == change.service_order]
    named = [line for line in own if line.line_id == change.line_id]
    return next(iter(named if change.line_id is not None else own), None)


def _netted(
    lines: tuple[OrderLine, ...], change_orders: tuple[ChangeOrder, ...], request: PriceRequest
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Price a month by line: today's with every change order in effect before the renewal, and the one carried into the new term."""
    prices = {line.line_id: line.price_on(request.start - _ONE_DAY) for line in lines}
    now = {line_id: price.amount if price else Decimal(0) for line_id, price in prices.items()}
    base = dict(now)
    for change in change_orders:
        line = _line_of(change, lines)
        if line is None:
            continue
        if change.effective_on < request.start:
            now[line.line_id] += change.monthly_change.amount
        if _carried(change, request):
            base[line.line_id] += change.monthly_change.amount
    return now, base


def _entry(price_book: tuple[PriceBookEntry, ...], line: OrderLine, months: int) -> PriceBookEntry | None:
    """The book entry for the line's product and term, its own region before the entry for every region."""
    fitting = [one for one in price_book if one.product == line.product and one.term_months == months]
    for region in (line.region, ANY_REGION):
        for one in fitting:
            if one.region == region:
                return one
    return None


def _no_entry(price_book: tuple[PriceBookEntry, ...], line: OrderLine, months: int) -> Finding:
    known = {one.term_months for one in price_book if one.product == line.product and one.region in {line.region, ANY_REGION}}
    return _finding("pricing.no_entry", line.line_id, product=line.product, term=months, longest=max(known, default=None))


def _line_findings(lines: tuple[OrderLine, ...], start: date) -> list[Finding]:
    found = [_finding("pricing.no_lines", "lines")] if not lines else []
    for line in lines:
        about = f"{line.order_id}.{line.line_id}"
        if line.price_on(start - _ONE_DAY) is not None:
            continue
        if line.monthly is None or line.priced_until is None:
            found.append(_finding("pricing.no_price", about, order=line.order_id))
        else:
            found.append(_finding("pricing.no_price_after", about, order=line.order_id, until=line.priced_until.isoformat()))
    return found


def _change_findings(lines: tuple[OrderLine, ...], change_orders: tuple[ChangeOrder, ...]) -> list[Finding]:
    return [
        _finding("pricing.change_order_without_line", change.order_id, order=change.service_order)
        for change in change_orders
        if _line_of(change, lines) is None
    ]


def _currency_findings(
    lines: tuple[OrderLine, ...], change_orders: tuple[ChangeOrder, ...], entries: list[PriceBookEntry]
) -> list[Finding]:
    used = {price.currency for line in lines for price in (line.monthly, line.later and line.later.monthly) if price}
    used |= {one.monthly_change.currency for one in change_orders}
    used |= {entry.floor.currency for entry in entries}
    return [_finding("pricing.currencies_mixed", "currency", currencies=", ".join(sorted(used)))] if len(used) > 1 else []


def _request_findings(uplift: UpliftRule, request: PriceRequest) -> list[Finding]:
    found = []
    allowed = Decimal(0) if uplift.kind is UpliftKind.NONE else uplift.percent
    if request.uplift_pct < 0 or (request.uplift_pct > allowed and uplift.kind is not UpliftKind.FIXED):
        found.append(_finding("pricing.uplift_above_cap", "uplift_pct", max=f"{allowed}", asked=f"{request.uplift_pct}"))
    if uplift.kind is UpliftKind.FIXED and request.uplift_pct != uplift.percent:
        found.append(_finding("pricing.uplift_not_fixed", "uplift_pct", percent=f"{uplift.percent}", asked=f"{request.uplift_pct}"))
    if not 0 <= request.discount_pct <= _HUNDRED:
        found.append(_finding("pricing.discount_out_of_range", "discount_pct", asked=f"{request.discount_pct}"))
    if request.free_months >= request.term_months:
        found.append(_finding("pricing.free_months", "free_months", term=request.term_months, asked=request.free_months))
    return found


def _finding(code: str, about: str, **values: Scalar) -> Finding:
    return Finding(code=code, severity=Severity.BLOCKING, about=about, values=values)


def _entered(lines: tuple[OrderLine, ...], request: PriceRequest) -> tuple[Reason, ...]:
    """The prices that people entered and that count here, each with who, when and why."""
    found = [(line.order_id, line.later) for line in lines if line.later and line.later.effective_on < request.start]
    return tuple(
        Reason(
            code="price.entered",
            values={
                "order": order,
                "monthly": f"{price.monthly.amount}",
                "currency": price.monthly.currency,
                "effective_on": price.effective_on.isoformat(),
            },
            clause=price.ref,
        )
        for order, price in found
    )


def _explain(
    current: Money,
    base: Money,
    uplifted: Money,
    monthly: Money,
    total: Money,
    floor: Money,
    change_orders: tuple[ChangeOrder, ...],
    uplift: UpliftRule,
    request: PriceRequest,
) -> tuple[Reason, ...]:
    """The price step by step; amounts as text, the currency once a step."""
    currency = current.currency
    steps = [Reason(code="price.current", values={"monthly": f"{current.amount}", "currency": currency})]
    for one in change_orders:
        code = "price.change_order" if _carried(one, request) else "price.change_order_left_out"
        values = {"order": one.order_id, "monthly_change": f"{one.monthly_change.amount}", "effective_on": one.effective_on.isoformat()}
        steps.append(Reason(code=code, values={**values, "currency": one.monthly_change.currency}))
    rise = {"base": f"{base.amount}", "percent": f"{request.uplift_pct}", "uplifted": f"{uplifted.amount}", "rule": uplift.kind.value}
    rise |= {"limit": f"{uplift.percent}", "currency": currency}
    less = {"uplifted": f"{uplifted.amount}", "percent": f"{request.discount_pct}", "monthly": f"{monthly.amount}", "currency": currency}
    sum_up: dict[str, Scalar] = {"monthly": f"{monthly.amount}", "months": request.term_months, "free_months": request.free_months}
    sum_up |= {"total": f"{total.amount}", "currency": currency}
    if request.one_time_allowance is not None:
        sum_up["allowance"] = f"{request.one_time_allowance.amount}"
    return (
        *steps,
        Reason(code="price.uplift", values=dict(rise), clause=uplift.ref),
        Reason(code="price.discount", values=dict(less)),
        Reason(code="price.total", values=sum_up),
        Reason(code="price.floor", values={"floor": f"{floor.amount}", "monthly": f"{monthly.amount}", "currency": currency}),
    )
