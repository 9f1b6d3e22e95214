"""`ask`: an answer with its citations, or a refusal that says what was looked for."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Annotated, Any

import typer

from secondme.cli.app import App
from secondme.cli.link import follow, print_json
from secondme.cli.main import MISSING
from secondme.cli.moments import place, short_id, show_lines
from secondme.cli.options import (
    After,
    Before,
    Json,
    Memory,
    Now,
    Question,
    Source,
    Who,
    Without,
    megabytes,
    words,
)
from secondme.cli.output import bold, dim, interactive, note, out, wrap
from secondme.wording import cells, clean, day, milliseconds, one_line

app = App()
_NEAR = 3
_QUOTED_LINES = 6


@app.add()
def ask(
    question: Question = None,
    k: Annotated[
        int,
        typer.Option(
            "-k", metavar="N", min=1, max=50, help="How many moments the answer may rest on."
        ),
    ] = 8,
    before: Before = None,
    after: After = None,
    who: Who = None,
    source: Source = None,
    now: Now = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="NAME", help="Let this model answer, this time; it must be here."
        ),
    ] = None,
    memory: Memory = None,
    without: Without = None,
    json: Json = False,
) -> None:
    """Answer a question from what is remembered, with numbered citations.

    Every answer is checked against the moments that it cites. Where they do not hold an answer it
    refuses, says what it looked for, and ends with exit code 1.

    Examples:
        secondme ask "where does Ana live now?"
        secondme ask "what did the dentist cost?" --after 2024
        secondme ask "when did I last hear from Rui?"
        secondme ask "what did I do last weekend?"
        secondme ask "where does Ana live now?" --memory 200MB
        secondme ask "when is the boiler serviced?" --json | jq -r .answer
        secondme ask "where did we meet?" --model qwen2.5-coder-1.5b
        echo "who was at the party?" | secondme ask -
    """
    text = words(question, "the question")
    params = {
        "k": k,
        "before": before,
        "after": after,
        "who": who,
        "source": source,
        "now": now,
        "model": model,
        "without": without,
    }
    if memory is not None:
        params["memory"] = megabytes(memory, model)
    result = answered("ask", not json, question=text, **params)
    if json:
        print_json(result)
    if result["refused"]:
        raise typer.Exit(MISSING)


def answered(use_case: str, shown: bool, **params: Any) -> dict[str, Any]:
    """The result of `ask` or `chat`; when it is to be shown, the draft as it comes and then the answer."""
    draft = Draft(shown and interactive(sys.stdout))
    try:
        result = follow(use_case, on=draft.follow, **params)
    except BaseException:
        draft.end()
        raise
    if shown:
        _show(result, draft)
    return result


class Draft:
    """Words of an answer on the terminal as they come, which can be taken off the screen again."""

    def __init__(self, drawn: bool, size: os.terminal_size | None = None) -> None:
        """With `drawn` false nothing is ever written; `size` is the terminal's, if not its own."""
        self._drawn = drawn
        self._size = size or shutil.get_terminal_size()
        self._text = ""
        self._row = self._column = 0

    def follow(self, event: dict[str, Any]) -> None:
        """Write a `token` event; a `draft_withdrawn` takes everything away."""
        if not self._drawn:
            return
        if event["event"] == "token":
            self._write(clean(event["text"]))
        elif event["event"] == "draft_withdrawn":
            self.erase()

    def _write(self, text: str) -> None:
        text = text if self._text else text.lstrip()
        self._text += text
        for character in text:
            wide = cells(character)
            if character == "\n" or self._column + wide > self._size.columns:
                self._row, self._column = self._row + 1, 0
            self._column += 0 if character == "\n" else wide
        sys.stdout.write(text)
        sys.stdout.flush()

    def says(self, answer: str) -> bool:
        """Whether what stands on the screen is the answer."""
        return bool(self._text) and self._text.strip() == answer.strip()

    def erase(self) -> None:
        """Take the draft off the screen; one that has scrolled away is ended and stays."""
        if not self._text:
            return
        if self._row >= self._size.lines - 1:
            self.end()
            return
        up = f"\x1b[{self._row}A" if self._row else ""
        sys.stdout.write(f"{up}\r\x1b[J")
        self._reset()

    def end(self) -> None:
        """Leave the draft as it stands and go on below it."""
        if self._text:
            out()
            self._reset()

    def _reset(self) -> None:
        self._text, self._row, self._column = "", 0, 0


def _show(result: dict[str, Any], draft: Draft) -> None:
    if draft.says(clean(result["answer"])):
        draft.end()
    else:
        draft.erase()
        for line in wrap(result["answer"]):
            out(line)
    if result["refused"]:
        _show_refusal(result)
    for citation in result["citations"]:
        _show_citation(citation, result["answer"])
    if result.get("notice"):
        note(dim(clean(result["notice"]), err=True))
    if interactive(sys.stderr):
        times = f"recalled in {milliseconds(result['recall_ms'])}, {milliseconds(result['took_ms'])} in all"
        note(dim(f"\n{result['model']}, {times}", err=True))


def _show_citation(citation: dict[str, Any], answer: str) -> None:
    """Where a citation comes from, and its passage, unless that is the whole answer."""
    out()
    quote = citation["quote"] or citation["text"]
    facts = [
        day(citation["time"]),
        *([one_line(citation["speaker"])] if citation["speaker"] else []),
    ]
    facts.append(place(citation))
    number, where = f"[{citation['n']}]", f"{', '.join(facts)} ({short_id(citation['id'])})"
    out(f"{bold(number)} {dim(where)}")
    if quote and quote.strip() != answer.strip("“” \n"):
        for line in wrap(f"“{quote}”", "    ", _QUOTED_LINES):
            out(line)


def _show_refusal(result: dict[str, Any]) -> None:
    if result["looked_for"]:
        out(dim(f"looked for: {', '.join(one_line(term) for term in result['looked_for'])}"))
    if result["near"]:
        out(dim("nearest, but no answer:"))
        show_lines(result["near"][:_NEAR])
