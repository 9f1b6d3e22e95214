"""Notes in Markdown and Obsidian vaults."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondme.plugin import UnreadableError
from tests.importers.reading import document, importer, passage, read, skipped

NOTE = """---
title: A weekend in Porto
date: 2024-05-01
tags: [travel, portugal]
aliases: Porto trip, O Porto
---
# 2024

## Porto

Met **Ana** at [[Café Santiago|the café]]; her number is on [the card](https://example.org/card). \
==A very nice== evening %%do not tell her%% with port wine and #food/fish in the oldest house of \
the street. ^evening

Packing list:

- [ ] socks
- [x] map
  - the old map
- *warm* jacket

| Name | Age |
|------|-----|
| Ana  | 33  |
| [[Bo]] | 44 |

> [!tip] Remember
> The last tram leaves at 23:40.

```python
total = 1  # %% stays %%
```

## Saturday, 4 May 2024

### 10:30 Breakfast

Pastéis de nata, four of them.
"""


def texts(note: str | bytes, name: str = "note.md") -> list[str]:
    return [moment.text for moment in read(note, name)]


def test_a_paragraph_is_read_without_its_markup() -> None:
    first = read(NOTE, "note.md")[0]
    assert first.text == (
        "Met Ana at the café; her number is on the card. A very nice evening with port wine and "
        "#food/fish in the oldest house of the street."
    )
    assert first.session == "2024 › Porto"
    assert first.meta["heading"] == "Porto"
    assert first.meta["tags"] == ["travel", "portugal", "food/fish"]
    assert first.meta["aliases"] == ["Porto trip", "O Porto"]
    assert first.meta["links"] == ["Café Santiago"]
    assert first.meta["urls"] == ["https://example.org/card"]


def test_its_span_is_the_paragraph_in_the_file() -> None:
    first = read(NOTE, "note.md")[0]
    source = passage(NOTE, first).decode()
    assert source.startswith("Met **Ana**")
    assert source.endswith("street. ^evening")


def test_a_list_stays_together_with_the_line_that_introduces_it() -> None:
    listed = read(NOTE, "note.md")[1]
    assert listed.text == (
        "Porto:\nPacking list:\n- [ ] socks\n- [x] map\n  - the old map\n- warm jacket"
    )
    assert passage(NOTE, listed).decode().startswith("Packing list:")
    assert passage(NOTE, listed).decode().endswith("- *warm* jacket")


def test_a_table_reads_as_rows_with_its_head_under_its_heading() -> None:
    table = read(NOTE, "note.md")[2]
    assert table.text == "Porto:\nName | Age\nAna | 33\nBo | 44"
    assert passage(NOTE, table) == b"| Ana  | 33  |\n| [[Bo]] | 44 |"


def test_callouts_and_code_are_moments_of_their_own() -> None:
    callout, code = read(NOTE, "note.md")[3:5]
    assert callout.text == "Porto:\nRemember\nThe last tram leaves at 23:40."
    assert code.text == "Porto: total = 1  # %% stays %%"
    assert passage(NOTE, code) == b"total = 1  # %% stays %%"


def test_a_dated_heading_and_a_time_below_it_give_the_time() -> None:
    last = read(NOTE, "note.md")[-1]
    assert last.time == datetime(2024, 5, 4, 10, 30)
    assert last.session == "2024 › Saturday, 4 May 2024 › 10:30 Breakfast"
    assert last.text == "10:30 Breakfast: Pastéis de nata, four of them."


@pytest.mark.parametrize(
    ("name", "note", "expected"),
    [
        ("n.md", "---\ndate: 2024-05-01\n---\nIt rained all day long.", datetime(2024, 5, 1)),
        ("n.md", "---\ncreated: 2024-05-01 09:30\n---\nIt rained.", datetime(2024, 5, 1, 9, 30)),
        ("2023-02-01.md", "---\ndate: 2024-05-01\n---\nIt rained.", datetime(2023, 2, 1)),
        ("2023-02-01 Visit.md", "It rained.", datetime(2023, 2, 1)),
        ("2023-02-01.md", "## 3. Mai 2022\nIt rained.", datetime(2022, 5, 3)),
        ("2023-02-01.md", "## 14:15\nIt rained.", datetime(2023, 2, 1, 14, 15)),
        ("n.md", "## March 5, 2021\n#### Later\nIt rained.", datetime(2021, 3, 5)),
        ("n.md", "It rained.", None),
        ("n.md", "---\ndate: 1024-05-01\n---\nIt rained.", None),
        ("n.md", "---\ndate: 2024-13-45\n---\nIt rained.", None),
    ],
)
def test_time_comes_from_heading_then_file_name_then_front_matter(name, note, expected) -> None:
    assert read(note, name)[0].time == expected


def test_properties_that_say_something_are_a_moment() -> None:
    note = '---\ntitle: Ana\nbirthday: 1990-05-03\nfriend: "[[Bo|Bobby]]"\ntags: [people]\n---\n'
    (moment,) = read(note, "ana.md")
    assert moment.text == "Ana:\nbirthday: 1990-05-03\nfriend: Bobby"
    assert moment.meta["tags"] == ["people"]


def test_the_title_is_the_front_matters_or_the_first_heading() -> None:
    markdown = importer("x.md")
    assert markdown.title(document(NOTE, "note.md")) == "A weekend in Porto"
    assert markdown.title(document("# *Big* day\n\nText", "note.md")) == "Big day"
    assert markdown.title(document("Text\n\n# Later", "note.md")) is None


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("See [[Note#Part]] and ![[photo.jpg]] now.", "See Note › Part and photo.jpg now."),
        ("Look ![a cat](cat.png) there.", "Look a cat there."),
        ("One %%hidden\nstill hidden%% two.", "One\ntwo."),
        ("One <!-- gone --> two.", "One two."),
        ("A \\*star\\* and `code_with_x` here.", "A *star* and code_with_x here."),
        ("~~old~~ new&nbsp;one", "old new\xa0one"),
        ("Line one<br>line two.", "Line one\nline two."),
        ("Known[^1] fact.\n\n[^1]: Where from.", "Known fact."),
        ("Half %% of it.", "Half %% of it."),
    ],
)
def test_inline_marks(source: str, shown: str) -> None:
    assert texts(source)[0] == shown


def test_headings_with_nothing_below_are_kept() -> None:
    assert texts("# Buy milk\n# Call mum\n") == ["Buy milk", "Call mum"]
    assert texts("# Book\n## Chapter\nText of the chapter.") == ["Chapter: Text of the chapter."]


def test_long_paragraphs_are_cut_at_sentences_and_keep_their_places() -> None:
    note = "# Walk\n\n" + "".join(f"We walked {i} *steps*, over **stones**. " for i in range(200))
    moments = read(note, "walk.md")
    assert len(moments) > 3
    assert all(len(moment.text) <= 1_200 for moment in moments)
    assert all(moment.text.endswith(".") for moment in moments)
    assert all("*" not in moment.text for moment in moments)
    spans = [moment.span for moment in moments]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert passage(note, moments[-1]).endswith(b"over **stones**.")


def test_a_long_list_fills_several_moments_with_its_heading_in_each() -> None:
    note = "# Books\n\n" + "".join(f"- The book number {i} of the shelf\n" for i in range(100))
    moments = read(note, "books.md")
    assert len(moments) > 1
    assert all(moment.text.startswith("Books:\n- ") for moment in moments)
    assert sum(moment.text.count("\n- ") for moment in moments) == 100


def test_bad_front_matter_costs_only_itself() -> None:
    note = "---\ntitle: {{date}}\n x: : [\n---\nThe violin is out of tune.\n"
    assert texts(note) == ["The violin is out of tune."]
    assert skipped(note, "n.md") == [("front matter", "it is not valid YAML")]


def test_front_matter_bombs_do_not_go_off() -> None:
    names = [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, 9)]
    lists = [f"b{i}: &b{i} [{', '.join([f'*b{i - 1}'] * 9)}]" for i in range(1, 9)]
    note = "---\na0: &a0 {x: 1}\nb0: &b0 [lol]\n" + "\n".join(names + lists) + "\n---\nAlive.\n"
    assert texts(note)[-1] == "Alive."
    assert texts("---\na: " + "[" * 20_000 + "\n---\nAlive.\n") == ["Alive."]


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert texts("---\n\nJust words here.\n\n---\n\nMore words here.") == [
        "Just words here.",
        "More words here.",
    ]


def test_windows_line_ends_and_other_encodings_keep_their_places() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "windows-1252"):
        data = "# Überschrift\r\n\r\nGrüße aus Köln, wo es schön ist.\r\n".encode(encoding)
        (moment,) = read(data, "n.md")
        assert moment.text == "Überschrift: Grüße aus Köln, wo es schön ist."
        plain = "utf-16-le" if encoding == "utf-16" else encoding.removesuffix("-sig")
        assert passage(data, moment).decode(plain) == "Grüße aus Köln, wo es schön ist."


def test_drawings_and_binaries_are_refused() -> None:
    with pytest.raises(UnreadableError, match="drawing"):
        read("---\nexcalidraw-plugin: parsed\n---\n# Text\n", "d.excalidraw.md")
    with pytest.raises(UnreadableError, match="not text"):
        read(bytes(range(256)) * 40, "n.md")


WORD = st.text("abcdefghijklmnopqrstuvwxyzäéß漢", min_size=1, max_size=9)
SENTENCE = st.lists(WORD, min_size=3, max_size=60).map(lambda words: " ".join(words) + ".")


@settings(max_examples=60, deadline=None)
@given(st.lists(SENTENCE, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_no_word_of_a_note_is_lost_and_every_span_is_exact(sentences, newline) -> None:
    data = (newline * 2).join(sentences).encode()
    moments = read(data, "n.md")
    assert " ".join(moment.text for moment in moments).split() == " ".join(sentences).split()
    for moment in moments:
        assert passage(data, moment).decode().replace("\r\n", "\n") == moment.text
