"""Slack's mrkdwn as safe HTML for the page.

Rules of this module:

1. Everything is escaped first; only our own tags are added after that.
2. Slack's control sequences `<...>` are links, mentions and dates; a link leads to http(s) or mailto only.
3. Inside code nothing is formatted.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

NameOf = Callable[[str], str]

_CODE: Final = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
_CONTROL: Final = re.compile(r"<([^<>\n]+)>")
_DATE: Final = re.compile(r"!date\^(\d+)\^([^^|]*)(?:\^[^|]*)?(?:\|(.*))?")
_EDGE: Final = r"(?:(?<=^)|(?<=[\s(\[>\"'“,.;:*_~-]))"
_SPANS: Final = (
    (re.compile(_EDGE + r"\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", re.MULTILINE), r"<strong>\1</strong>"),
    (re.compile(_EDGE + r"_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])", re.MULTILINE), r"<em>\1</em>"),
    (re.compile(_EDGE + r"~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])", re.MULTILINE), r"<del>\1</del>"),
)
_BULLET: Final = re.compile(r"^\s*[•◦▪-]\s+(.*)$")
_NUMBERED: Final = re.compile(r"^\s*\d+[.)]\s+(.*)$")
_HELD: Final = re.compile("\ue000(\\d+)\ue001")


def to_html(text: str, name_of: NameOf, zone: str = "UTC") -> Markup:
    """`text` as HTML. `name_of` gives a person's name for an id; `zone` is the reader's, for `<!date>`."""
    held: list[Markup] = []

    def hold(markup: Markup) -> str:
        held.append(markup)
        return f"\ue000{len(held) - 1}\ue001"

    clean = text.replace("\ue000", "").replace("\ue001", "")
    coded = _CODE.sub(lambda match: hold(_code(match)), clean)
    linked = _CONTROL.sub(lambda match: hold(_control(match.group(1), name_of, zone)), coded)
    html = str(escape(_unescaped(linked)))
    for pattern, replacement in _SPANS:
        html = pattern.sub(replacement, html)
    return Markup(_HELD.sub(lambda match: str(held[int(match.group(1))]), _lines(html)))  # noqa: S704 - escaped above


def plain(text: str, name_of: NameOf) -> str:
    """`text` without formatting, for labels and announcements."""
    return str(to_html(text, name_of).striptags())


def _unescaped(text: str) -> str:
    """Slack's three entities as characters; they are escaped again for HTML."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _code(match: re.Match[str]) -> Markup:
    block, span = match.groups()
    if block is not None:
        return Markup("<pre><code>{}</code></pre>").format(_unescaped(block.strip("\n")))
    return Markup("<code>{}</code>").format(_unescaped(span))


def _control(body: str, name_of: NameOf, zone: str) -> Markup:
    """One `<...>`: a mention, a date, or a link with an optional label."""
    if body.startswith("@"):
        return Markup('<span class="mention">@{}</span>').format(name_of(body[1:].split("|", maxsplit=1)[0]))
    if body.startswith("#"):
        return Markup('<span class="mention">#{}</span>').format(body[1:].rsplit("|", maxsplit=1)[-1])
    date = _DATE.fullmatch(body)
    if date:
        return _date(date, zone)
    if body.startswith("!"):
        return Markup('<span class="mention">@{}</span>').format(body[1:].rsplit("|", maxsplit=1)[-1].split("^", maxsplit=1)[0])
    address, _, label = body.partition("|")
    address = _unescaped(address)
    if urlsplit(address).scheme not in {"http", "https", "mailto"}:
        return escape(_unescaped(f"<{body}>"))
    return Markup('<a href="{}" target="_blank" rel="noopener">{}</a>').format(address, _unescaped(label) or address)


def _date(match: re.Match[str], zone: str) -> Markup:
    seconds, pattern, _fallback = match.groups()
    when = datetime.fromtimestamp(int(seconds), UTC).astimezone(ZoneInfo(zone))
    day, clock = f"{when.day} {when:%b %Y}", f"{when:%H:%M}"
    shown = re.sub(r"\{date[a-z_]*\}", day, re.sub(r"\{time[a-z_]*\}", clock, pattern))
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), _unescaped(shown))


def _lines(html: str) -> str:
    """Group lines into quotes, lists and running text."""
    out: list[str] = []
    open_tag = ""
    for number, line in enumerate(html.split("\n")):
        tag, body = _kind_of(line)
        if tag != open_tag:
            out.append(f"</{open_tag}>" if open_tag else "")
            out.append(f"<{tag}>" if tag else "")
        elif number and tag in {"", "blockquote"}:
            out.append("<br>")
        out.append(f"<li>{body}</li>" if tag in {"ul", "ol"} else body)
        open_tag = tag
    return "".join([*out, f"</{open_tag}>" if open_tag else ""])


def _kind_of(line: str) -> tuple[str, str]:
    if line.startswith("&gt;"):
        return "blockquote", line.removeprefix("&gt;").lstrip()
    bullet = _BULLET.match(line)
    if bullet:
        return "ul", bullet.group(1)
    numbered = _NUMBERED.match(line)
    return ("ol", numbered.group(1)) if numbered else ("", line)
