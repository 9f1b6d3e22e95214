"""Web pages as they are saved."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.plugin import UnreadableError
from tests.importers.reading import document, importer, passage, read

PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Porto &amp; the river</title>
<meta name="author" content="Ana Silva">
<meta property="article:published_time" content="2024-05-03T10:00:00Z">
<link rel="canonical" href="https://example.org/porto">
<style>p { color: red }</style><script>document.write("<p>never shown</p>")</script></head>
<body><nav><a href="/">Menu</a></nav>
<h1>Porto</h1>
<p>The river is <b>wide</b> there, it&#8217;s &quot;the Douro&quot;; we walked along it for hours
   and hours, until the last of the boats had gone &ndash; até à foz.<br>Then we ate.</p>
<h2>What to take</h2>
<ul><li>socks<li>a map<ul><li>the old one</li></ul></li></ul>
<ol><li>First the bridge</li><li><p>Then the tower</p></li></ol>
<table><tr><th>Name</th><th>Age</th></tr><tr><td>Ana</td><td>33</td></tr>
<tr><td>Bo</td><td><p>44</p></td></tr></table>
<div hidden>hidden words</div><p style="display: none">more hidden words<p>In plain sight, though.
<pre>line one
  line two</pre>
1 &lt; 2 <!-- <p>a comment</p> --> and 3 &gt; 2
<footer>Copyright</footer></body></html>
"""


def test_visible_text_comes_block_by_block() -> None:
    assert [moment.text for moment in read(PAGE, "page.html")] == [
        'The river is wide there, it’s "the Douro"; we walked along it for hours and hours, until '
        "the last of the boats had gone – até à foz.\nThen we ate.",
        "What to take:\n- socks\n- a map\n  - the old one",
        "What to take:\n1. First the bridge\n2. Then the tower",
        "What to take:\nName | Age\nAna | 33\nBo | 44",
        "What to take: In plain sight, though.",
        "What to take:\nline one\n  line two",
        "What to take: 1 < 2 and 3 > 2",
    ]


def test_spans_begin_and_end_with_the_words() -> None:
    moments = read(PAGE, "page.html")
    first = passage(PAGE, moments[0]).decode()
    assert first.startswith("The river is <b>wide</b>")
    assert first.endswith("<br>Then we ate.")
    assert passage(PAGE, moments[4]) == b"In plain sight, though."


def test_the_page_says_when_by_whom_and_where() -> None:
    first = read(PAGE, "page.html")[0]
    assert first.time == datetime(2024, 5, 3, 10, tzinfo=UTC)
    assert first.speaker == "Ana Silva"
    assert first.session == "Porto"
    assert first.meta["url"] == "https://example.org/porto"
    assert importer("x.html").title(document(PAGE, "page.html")) == "Porto & the river"


@pytest.mark.parametrize(
    "page",
    [
        "<p>On the hill stood a house.<time datetime='2021-02-03'>then</time>",
        '<meta name="date" content="2021-02-03"><p>On the hill stood a house.',
        "<h2>3 February 2021</h2><p>On the hill stood a house.",
    ],
)
def test_dates_are_found_in_meta_time_and_headings(page: str) -> None:
    assert read(page, "p.html")[0].time == datetime(2021, 2, 3)


def test_the_declared_encoding_counts_where_it_is_not_utf_8() -> None:
    page = "<meta charset=iso-8859-2><p>Zażółć gęślą jaźń, mówi stary kot pod płotem.".encode(
        "iso-8859-2"
    )
    (moment,) = read(page, "p.htm")
    assert moment.text == "Zażółć gęślą jaźń, mówi stary kot pod płotem."
    assert passage(page, moment).decode("iso-8859-2") == moment.text


def test_a_page_made_of_tables_reads_as_paragraphs() -> None:
    cell = "This is a long paragraph in a layout cell, as old pages have it. " * 6
    page = f"<table><tr><td><p>{cell}</p><p>{cell}</p></td><td>{cell}</td></tr></table>"
    assert [moment.text for moment in read(page, "p.html")] == [cell.strip()] * 3


def test_long_blocks_are_cut_at_sentences_with_their_places() -> None:
    page = "<p>" + "".join(f"Sentence <i>{i}</i> is here &amp; now. " for i in range(300)) + "</p>"
    moments = read(page, "p.html")
    assert all(moment.text.endswith("now.") for moment in moments)
    assert all(passage(page, moment).startswith(b"Sentence <i>") for moment in moments)
    assert " ".join(m.text for m in moments).count("here & now") == 300


@pytest.mark.parametrize(
    "page",
    [
        "<a " * 20_000,
        "<!--" * 20_000,
        "<p hidden>" * 10_000,
        "<div>" * 30_000 + "deep down",
        "&#" * 20_000 + "9" * 10_000 + ";",
        "<a b='" * 20_000,
        "<svg>" + '<text href="&a;">' * 10_000,
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><p>&b;</p>' + "<b>&b;" * 10_000,
        "<table><tr><td>" * 10_000,
        "<script>" + "<p>x" * 1000,
    ],
    ids=lambda page: page[:12],
)
def test_hostile_pages_end_soon(page: str) -> None:
    with suppress(UnreadableError):
        read(page, "p.html")


def test_a_page_without_text_says_so() -> None:
    with pytest.raises(UnreadableError, match="no text"):
        read("<html><script>x</script></html>", "p.html")


TAGS = (
    "<p> </p> <div> </div> <li> <ul> </ul> <td> <tr> <table> </table> <b> </b> <br> <h1> </h1> "
    "<!-- --> <pre> </pre> <nav> </nav> < > & &amp; &#65; word wörd more"
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([*TAGS.split(), " ", "\n", "<a href='x>'>"]),
        max_size=60,
    )
)
def test_any_soup_of_tags_gives_words_that_stand_where_they_are_said_to(soup) -> None:
    page = "".join(soup)
    try:
        moments = read(page, "p.html")
    except UnreadableError:
        return
    for moment in moments:
        source = passage(page, moment).decode()
        last = moment.text.split("\n")[-1].lstrip("- 0123456789.")
        assert last.split(" | ")[-1][-1:] in source.replace("&amp;", "&").replace("&#65;", "A")
