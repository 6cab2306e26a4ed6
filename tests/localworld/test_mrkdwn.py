"""mrkdwn on the page: formatted as in Slack, and never a way to put HTML onto the page."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.operator.localworld.mrkdwn import to_html


class TagReader(HTMLParser):
    """Notes every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        self.found.append((tag, dict(attrs)))


ALLOWED = {"strong", "em", "del", "code", "pre", "a", "span", "time", "ul", "ol", "li", "blockquote", "br"}


def rendered(text: str) -> str:
    """The HTML for a reader in Chicago, where U1 is Maria."""
    return str(to_html(text, lambda user: {"U1": "Maria"}.get(user, user), "America/Chicago"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*bold* and _soft_ and ~gone~", "<strong>bold</strong> and <em>soft</em> and <del>gone</del>"),
        ("2*3*4 a_b_c", "2*3*4 a_b_c"),
        ("*not bold", "*not bold"),
        ("`*x* <b>`", "<code>*x* &lt;b&gt;</code>"),
        ("```a\nb```", "<pre><code>a\nb</code></pre>"),
        ("a\nb", "a<br>b"),
        ("&gt; said\nthen", "<blockquote>said</blockquote>then"),
        ("• one\n• two", "<ul><li>one</li><li>two</li></ul>"),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
        ("<@U1>", '<span class="mention">@Maria</span>'),
        ("<!here>", '<span class="mention">@here</span>'),
        ("a &amp; b &lt;c&gt;", "a &amp; b &lt;c&gt;"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<javascript:alert(1)|go>", "&lt;javascript:alert(1)|go&gt;"),
        ("<https://a.example/?x=1&amp;y=2|clause>", '<a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener">clause</a>'),
        ('<https://a.example/"onclick=x|go>', '<a href="https://a.example/&#34;onclick=x" target="_blank" rel="noopener">go</a>'),
        ("<!date^1796655600^{date_short} at {time}|soon>", '<time datetime="2026-12-07T09:00:00-06:00">7 Dec 2026 at 09:00</time>'),
    ],
)
def test_each_form(text: str, expected: str) -> None:
    """What Slack's syntax becomes."""
    assert rendered(text) == expected


@given(st.text(alphabet=st.sampled_from(list("*_~`<>&|!@#^{}\"' \n>•1.ab:/=()\ue000\ue001")), max_size=60))
def test_no_text_makes_foreign_tags_or_handlers(text: str) -> None:
    """Whatever is typed, only our own tags appear, links lead to http(s) or mailto, and no handler appears."""
    reader = TagReader()
    reader.feed(rendered(text))
    reader.close()
    for tag, attributes in reader.found:
        assert tag in ALLOWED
        assert set(attributes) <= {"class", "href", "target", "rel", "datetime"}
        assert (attributes.get("href") or "http").startswith(("http", "mailto"))
