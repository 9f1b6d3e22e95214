"""Search by words: FTS5 with BM25, kept in step by triggers, rebuilt from the record at will.

Three tables: one with Porter stemming for languages that put spaces between words, one of trigrams for
moments in scripts that do not (Chinese, Japanese, Thai and their like), and one of whole episodes.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from secondme.errors import IndexDamagedError
from secondme.record.db import Store
from secondme.wording import counted

MAX_TERMS = 48
"""Of a longer question this many different words are searched for."""
_POSTINGS = 6_000
"""In a large memory, about so many moments are weighed at most for the words searched for, counted once a
word."""
_LARGE = 20_000

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
_WORD = re.compile(r"\w+")

STOP_WORDS = frozenset(
    # as a text: easier to read than ninety quoted words
    """a an the of to in on at for and or is are was were be been do does did has have had what when
    where who whom which why how many much long with by from as that this it its his her their he she
    they i you we my your our would could should will can""".split()
)

_SCHEMA = """
create virtual table if not exists words using fts5(
    text, speaker, context, content='moments', content_rowid='n', tokenize='porter unicode61');
create virtual table if not exists trigrams using fts5(
    text, content='moments', content_rowid='n', tokenize='trigram');
create virtual table if not exists episode_words using fts5(text, tokenize='porter unicode61');
create trigger if not exists episode_words_delete after delete on episodes begin
    delete from episode_words where rowid = old.n;
end;
create virtual table if not exists words_vocabulary using fts5vocab('words', 'row');
create trigger if not exists words_insert after insert on moments when new.live = 1 begin
    insert into words (rowid, text, speaker, context)
        values (new.n, new.text, new.speaker, new.context);
end;
create trigger if not exists words_update after update of live, context, text, speaker on moments begin
    insert into words (words, rowid, text, speaker, context)
        select 'delete', old.n, old.text, old.speaker, old.context where old.live = 1;
    insert into words (rowid, text, speaker, context)
        select new.n, new.text, new.speaker, new.context where new.live = 1;
end;
create trigger if not exists words_delete after delete on moments when old.live = 1 begin
    insert into words (words, rowid, text, speaker, context)
        values ('delete', old.n, old.text, old.speaker, old.context);
end;
create trigger if not exists trigrams_insert after insert on moments
    when new.live = 1 and new.text glob '*[UNSPACED]*' begin
    insert into trigrams (rowid, text) values (new.n, new.text);
end;
create trigger if not exists trigrams_update after update of live, text on moments
    when old.text glob '*[UNSPACED]*' or new.text glob '*[UNSPACED]*' begin
    insert into trigrams (trigrams, rowid, text)
        select 'delete', old.n, old.text where old.live = 1 and old.text glob '*[UNSPACED]*';
    insert into trigrams (rowid, text)
        select new.n, new.text where new.live = 1 and new.text glob '*[UNSPACED]*';
end;
create trigger if not exists trigrams_delete after delete on moments
    when old.live = 1 and old.text glob '*[UNSPACED]*' begin
    insert into trigrams (trigrams, rowid, text) values ('delete', old.n, old.text);
end;
""".replace("UNSPACED", _UNSPACED)

_EPISODE_TEXTS = """
insert into episode_words (rowid, text)
select e.episode, group_concat(coalesce(m.speaker || ': ', '') || m.text, char(10))
from episode_moments e join moments m on m.n = e.n
"""

_TRIGGERS = tuple(re.findall(r"trigger if not exists (\w+)", _SCHEMA))


class _Wanted(NamedTuple):
    """What of a question is searched for: its worthwhile words, and FTS5's queries for them, each with
    the number beyond which moments are looked at, what matches more first."""

    terms: list[str]
    queries: list[tuple[str, int]]


class FullText:
    """The word index of a record."""

    def __init__(self, store: Store) -> None:
        """Make the index if it is not there. Raises `IndexDamagedError` when it is torn."""
        self._store = store
        self._last: tuple[object, _Wanted] = (None, _Wanted([], []))
        there = store.value(
            "select count(*) from sqlite_master where name in ('words', 'trigrams', 'episode_words')"
        )
        with store.write() as db, _guarded():
            for statement in _statements():
                db.execute(statement)
        if there < 3 and store.value("select exists (select 1 from moments)"):
            self.rebuild()

    def search(self, question: str, limit: int) -> dict[int, float]:
        """The best live moments by BM25, as number → score, higher being better.

        Any text is a valid question: operators and quotes are words like others.
        Raises `IndexDamagedError`.
        """
        found: dict[int, float] = {}
        with _guarded():
            for match, after in self._wanted(question).queries:
                if len(found) < limit:
                    found = self._best("words", match, limit - len(found), after) | found
            for run in _UNSPACED_RUN.findall(question)[:MAX_TERMS]:
                self._search_unspaced(run, limit, found)
        return found

    def add_episodes(self, numbers: Sequence[int]) -> None:
        """Index episodes by all that is said in them; those that are dropped go by themselves."""
        with self._store.write() as db, _guarded():
            db.executemany(
                f"{_EPISODE_TEXTS} where e.episode = ? group by e.episode", [(n,) for n in numbers]
            )

    def score_episodes(self, question: str, among: Iterable[int]) -> dict[int, float]:
        """BM25 of those of the episodes that have one of the words, as number → score.

        Only these are weighed, since that is what costs. Raises `IndexDamagedError`.
        """
        with _guarded():
            terms = self._wanted(question).terms
            if not terms:
                return {}
            rows = self._store.query(  # the plus keeps SQLite from looking the rows up one by one
                "select rowid, -bm25(episode_words) from episode_words where episode_words match ?"
                " and +rowid in (select value from json_each(?))",
                (_any_of(terms), json.dumps(sorted(set(among)))),
            )
        return {row[0]: row[1] for row in rows}

    @staticmethod
    def terms(question: str) -> list[str]:
        """The different words of a question, without stop words unless there are no others."""
        spaced = _UNSPACED_RUN.sub(" ", question.lower())
        terms = list(dict.fromkeys(_WORD.findall(spaced)))
        return [t for t in terms if t not in STOP_WORDS][:MAX_TERMS] or terms[:MAX_TERMS]

    def completions(self, beginning: str, limit: int) -> list[str]:
        """The words, as the index has them, that begin so; those in most moments first."""
        with _guarded():
            rows = self._store.query(
                "select term from words_vocabulary where term >= ? and term < ?"
                " order by doc desc limit ?",
                (beginning.lower(), beginning.lower() + "\U0010ffff", limit),
            )
        return [row[0] for row in rows]

    def _best(self, table: str, match: str, limit: int, after: int = 0) -> dict[int, float]:
        """The best moments of an FTS5 query beyond a number, with their scores."""
        rows = self._store.query(
            f"select rowid, -rank from {table} where {table} match ? and rowid > ?"
            " order by rank limit ?",
            (match, after, limit),
        )
        return {row[0]: row[1] for row in rows}

    def _wanted(self, question: str) -> _Wanted:
        """In a large memory, only the rarest words: those in few enough moments together to be quick.

        Common words say little and cost the most, since BM25 weighs every moment that has one. Where
        even the rarest is in too many, the newest that have it are looked at, and the moments of any
        time that have the two rarest.
        """
        terms = self.terms(question)
        total = self._store.value("select max(n) from moments") or 0
        if total < _LARGE or not terms:
            return _Wanted(terms, [(_any_of(terms), 0)] if terms else [])
        asked = (total, tuple(terms))
        if self._last[0] == asked:  # by one view for the next
            return self._last[1]
        counts = {term: self.documents_with(term) for term in terms}
        rarest = sorted((t for t in terms if counts[t]), key=lambda t: counts[t])
        chosen, postings = rarest[:1], sum(counts[t] for t in rarest[:1])
        for term in rarest[1:]:
            if postings + counts[term] > _POSTINGS:
                break
            chosen.append(term)
            postings += counts[term]
        if postings <= _POSTINGS or len(rarest) < 2:
            queries = [(_any_of(chosen), _newest(total, postings, _POSTINGS))] if chosen else []
        else:  # a third for the one word, and as many moments that have two, which come first
            both = " AND ".join(map(_quoted, rarest[:2]))
            held = self._store.value("select count(*) from words where words match ?", (both,))
            queries = [
                (both, _newest(total, held, _POSTINGS // 3)),
                (_quoted(rarest[0]), _newest(total, postings, _POSTINGS // 3)),
            ]
        self._last = (asked, _Wanted(chosen, queries))
        return self._last[1]

    def documents_with(self, term: str) -> int:
        """In how many moments a word stands, in any of its forms. Raises `IndexDamagedError`."""
        stem = self._stem(term)
        with _guarded():
            found = self._store.value("select doc from words_vocabulary where term = ?", (stem,))
        return int(found or 0)

    def _stem(self, term: str) -> str:
        """The term as the index holds it, by FTS5's own tokenizer."""
        db = self._stemmer()
        db.execute("delete from word")
        db.execute("insert into word values (?)", (term,))
        row = db.execute("select term from vocabulary limit 1").fetchone()
        return str(row[0]) if row else term

    def _stemmer(self) -> sqlite3.Connection:
        local = self._store.thread_local
        if not hasattr(local, "stemmer"):
            local.stemmer = sqlite3.connect(":memory:", isolation_level=None)
            local.stemmer.execute(
                "create virtual table word using fts5(x, tokenize='porter unicode61')"
            )
            local.stemmer.execute("create virtual table vocabulary using fts5vocab('word', 'row')")
        stemmer: sqlite3.Connection = local.stemmer
        return stemmer

    def _search_unspaced(self, run: str, limit: int, found: dict[int, float]) -> None:
        if len(run) >= 3:
            grams = dict.fromkeys(run[i : i + 3] for i in range(min(len(run) - 2, MAX_TERMS)))
            for n, score in self._best("trigrams", _any_of(list(grams)), limit).items():
                found[n] = found.get(n, 0.0) + score
            return
        for (n,) in self._store.query(  # too short for a trigram: look through those moments alone
            "select d.id from trigrams_docsize d join moments m on m.n = d.id"
            " where m.text like ? limit ?",
            (f"%{run}%", limit),
        ):
            found[n] = found.get(n, 0.0) + 1.0

    def check(self) -> str | None:
        """What is wrong with the index, or None: FTS5's own check against the record's text."""
        try:
            with self._store.write() as db, _guarded():
                db.execute("insert into words (words) values ('integrity-check')")
                db.execute("insert into trigrams (trigrams) values ('integrity-check')")
                db.execute("insert into episode_words (episode_words) values ('integrity-check')")
                unlike = db.execute(
                    "select (select count(*) from episodes) != (select count(*) from episode_words_docsize)"
                ).fetchone()[0]
                missing = db.execute(
                    "select count(*) from moments where live = 1 and n not in (select id from words_docsize)"
                ).fetchone()[0]
                extra = db.execute(
                    "select count(*) from words_docsize where id not in"
                    " (select n from moments where live = 1)"
                ).fetchone()[0]
        except IndexDamagedError as error:
            return str(error)
        if unlike:
            return "it does not hold the episodes that the record has"
        return (
            f"it lacks {counted(missing, 'moment')} and has {extra:,} too many"
            if missing or extra
            else None
        )

    def rebuild(self) -> None:
        """Drop the index and make it anew from the record."""
        with self._store.write() as db:
            for trigger in _TRIGGERS:
                db.execute(f"drop trigger if exists {trigger}")
            for table in ("words_vocabulary", "words", "trigrams", "episode_words"):
                _drop(db, table)
            for statement in _statements():
                db.execute(statement)
            db.execute(
                "insert into words (rowid, text, speaker, context)"
                " select n, text, speaker, context from moments where live = 1"
            )
            db.execute(
                "insert into trigrams (rowid, text) select n, text from moments"
                f" where live = 1 and text glob '*[{_UNSPACED}]*'"
            )
            db.execute(f"{_EPISODE_TEXTS} group by e.episode")


def _statements() -> Iterator[str]:
    """The schema's statements one by one, so that they stay inside the caller's transaction."""
    statement = ""
    for line in _SCHEMA.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _drop(db: sqlite3.Connection, table: str) -> None:
    """Drop a table, even one whose shadow tables are torn so that FTS5 cannot open it."""
    try:
        db.execute(f"drop table if exists {table}")
    except sqlite3.DatabaseError:
        db.execute("pragma writable_schema=on")
        db.execute("delete from sqlite_master where name = ?", (table,))
        db.execute("pragma writable_schema=reset")
        for shadow in ("data", "idx", "docsize", "config", "content"):
            db.execute(f"drop table if exists {table}_{shadow}")


def _any_of(terms: list[str]) -> str:
    return " OR ".join(map(_quoted, terms))


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _newest(total: int, held: int, most: int) -> int:
    """The number beyond which about `most` of so many moments stand; 0 where all may be looked at."""
    return total - total * most // held if held > most else 0


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise IndexDamagedError(
            f"the word index is damaged: {error}", hint="`secondme index rebuild` makes it anew"
        ) from error
