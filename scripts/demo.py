"""`make demo`: a demo life taken in, three questions answered with citations, on a machine of one's own.

Its memory lies in `.demo/` and never touches the person's real one; only the models are shared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".demo"
COMMAND = Path(sys.executable).parent / "secondme"


def main() -> int:
    models = subprocess.run(
        [COMMAND, "config", "get", "models_dir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    os.environ |= {"SECONDME_HOME": str(HOME), "SECONDME_MODELS_DIR": models}
    for name in ("e5-small", "en-core-web-sm", "default"):
        if run("model", "fetch", name):
            return 3
    if run("add", "--wait", "assets/demo"):
        return 3
    questions = json.loads((ROOT / "assets/demo/questions.json").read_text(encoding="utf-8"))
    loaded = False
    for question in questions[:3]:
        print(
            f"\n\x1b[1m{question['question']}\x1b[0m"
            if sys.stdout.isatty()
            else f"\n{question['question']}"
        )
        answer = result("ask", "--json", question["question"])
        show(answer)
        if answer["first_word_ms"] and not loaded:
            loaded = True
            print("    (the model was loaded for this one; it stays for the next)")
    memory()
    shown = COMMAND.relative_to(ROOT) if COMMAND.is_relative_to(ROOT) else COMMAND
    print(
        textwrap.dedent(f"""
        The demo's memory is in {HOME.name}/. Ask it more:

            export SECONDME_HOME={HOME} SECONDME_MODELS_DIR={models}
            {shown} ask "Who is allergic to what?"
            {shown} recall "bicycle" --explain

        Your own memory, in a shell without those two variables:

            {shown} add --wait ~/Documents/notes
            {shown} ask "When did I last see the dentist?"
        """).rstrip()
    )
    return run("core", "stop")


def run(*arguments: str) -> int:
    return subprocess.run([COMMAND, *arguments], cwd=ROOT, check=False).returncode


def result(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [COMMAND, *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if not done.stdout.strip():
        print(done.stderr.strip(), file=sys.stderr)
        raise SystemExit(done.returncode or 3)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def show(answer: dict[str, Any]) -> None:
    print(textwrap.indent(answer["answer"], "  "))
    for citation in answer["citations"]:
        where = citation["path"] or citation["source"]
        if where.startswith(str(ROOT)):
            where = str(Path(where).relative_to(ROOT))
        span = f", bytes {citation['span'][0]}–{citation['span'][1]}" if citation["span"] else ""
        head = f"[{citation['n']}] {citation['time'][:10]}, {citation['speaker'] or 'note'}, {where}{span}"
        passage = textwrap.shorten(citation["text"], 220, placeholder=" …")
        print(f"    {head}\n      “{passage}”")
    first = (
        f", first word after {answer['first_word_ms'] / 1000:.1f} s"
        if answer.get("first_word_ms")
        else ""
    )
    print(
        f"    recall {answer['recall_ms']:.0f} ms, answer {answer['took_ms'] / 1000:.1f} s{first}"
    )


def memory() -> None:
    status = result("core", "status", "--json")
    workers = ", ".join(
        f"{w['role']} {w['resident_mb']:.0f} MB" for w in status["workers"] if w["pid"]
    )
    print(
        f"\n{status['moments']:,} moments. Resident: core {status['resident_mb']:.0f} MB, {workers}."
    )


if __name__ == "__main__":
    sys.exit(main())
