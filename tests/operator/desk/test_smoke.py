def test_it(office):
    c = office.card("alert")
    print(office.controls(c), office.stage())
    office.click("U0MARIA", c, "renewal_prepare")
    print(office.stage(), [x.kind for x in office.cards()])
    assert office.stage() == "in_review"
    office.click("U0MARIA", office.card("draft"), "draft_edit")
    print([b.get("block_id") for b in office.view("U0MARIA")["blocks"]])
    print(office.submit("U0MARIA", {"term": "36", "discount": "12.00"}))
    print([x.key for x in office.cards()])
