"""The record's schema, as migrations applied in order and recorded by name.

Times are milliseconds since 1970 in UTC; the zone they were given in stands beside them. A moment is
`live` while it can be recalled: not retired by a newer version of its item, not forgotten, its item
not removed. Rows that are no longer live stay, so that every change can be undone.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("secondme")


@migrations()
def sources_and_items(db: Database) -> None:
    """Where things come from, what came in whole, and at which paths it lies."""
    db.executescript(
        """
        create table journal (
            id text primary key,
            time integer not null,
            kind text not null,
            client text not null,
            summary text not null,
            data text not null,
            undone_by text references journal(id)
        ) strict;

        create table sources (
            id text primary key,
            kind text not null,
            path text not null unique,
            watched integer not null default 0,
            added_at integer not null,
            error text
        ) strict;

        create table originals (
            sha256 text primary key,
            size integer not null,
            codec text not null,
            data blob not null
        ) strict;

        create table items (
            id text primary key,
            source_id text references sources(id) on delete set null,
            name text not null,
            title text,
            importer text not null,
            media_type text not null,
            version integer not null,
            sha256 text not null,
            modified integer not null,
            removed_by text references journal(id)
        ) strict;
        create index items_sha256 on items(sha256);
        create index items_source on items(source_id);

        create table versions (
            item_id text not null references items(id) on delete cascade,
            version integer not null,
            sha256 text not null references originals(sha256),
            size integer not null,
            taken_by text not null references journal(id),
            taken_at integer not null,
            primary key (item_id, version)
        ) strict;
        create index versions_sha256 on versions(sha256);

        create table places (
            path text primary key,
            item_id text not null references items(id) on delete cascade,
            source_id text references sources(id) on delete set null,
            size integer not null,
            mtime_ns integer not null,
            gone_at integer
        ) strict;
        create index places_item on places(item_id);
        """
    )


@migrations()
def moments_and_vectors(db: Database) -> None:
    """The units of recall, and their vectors by embedder."""
    db.executescript(
        """
        create table moments (
            n integer primary key,
            id text not null unique,
            item_id text not null references items(id) on delete cascade,
            seq integer not null,
            session text not null,
            external_id text,
            speaker text,
            time integer not null,
            zone text not null,
            context text,
            text text not null,
            start integer,
            end integer,
            meta text not null,
            version integer not null,
            live integer not null default 1,
            added_by text not null references journal(id),
            retired_by text references journal(id),
            forgotten_by text references journal(id)
        ) strict;
        create index moments_item on moments(item_id, seq);
        create index moments_time on moments(time);
        create index moments_speaker on moments(speaker);
        create index moments_added on moments(added_by);
        create index moments_retired on moments(retired_by) where retired_by is not null;
        create index moments_forgotten on moments(forgotten_by) where forgotten_by is not null;

        create table vectors (
            n integer not null references moments(n) on delete cascade,
            embedder text not null,
            vector blob not null,
            indexed integer not null default 0,
            primary key (n, embedder)
        ) strict;
        create index vectors_unindexed on vectors(embedder, n) where indexed = 0;
        """
    )


@migrations()
def times_that_moments_mention(db: Database) -> None:
    """Expressions of time in moments, resolved; which moments are still to be read for them; and by
    which version of its maker each thing was made that follows from moments."""
    db.executescript(
        """
        create table times (
            n integer not null references moments(n) on delete cascade,
            start integer not null,
            end integer not null,
            from_ms integer not null,
            until_ms integer not null,
            granularity text not null,
            primary key (n, start)
        ) strict, without rowid;
        create index times_from on times(from_ms);

        create table times_due (
            n integer primary key references moments(n) on delete cascade
        ) strict;
        insert into times_due select n from moments where text != '';
        create trigger times_due_insert after insert on moments begin
            insert or ignore into times_due values (new.n);
        end;
        create trigger times_due_update after update of text, time, zone on moments
            when new.text is not old.text or new.time is not old.time or new.zone is not old.zone begin
            delete from times where n = new.n;
            insert or ignore into times_due values (new.n);
        end;

        create table makers (
            name text primary key,
            version integer not null
        ) strict;
        """
    )


@migrations()
def claims_and_names(db: Database) -> None:
    """What moments say of whom, the names they use, and what the person decided about it.

    A claim is one statement of one moment. Facts are what claims and decisions come to, and stand
    nowhere else, so that whatever is forgotten, undone or decided shows in them at once.
    """
    db.executescript(
        """
        create table entities (
            id text primary key,
            kind text not null
        ) strict;

        create table names (
            key text primary key,
            name text not null,
            entity_id text not null references entities(id) on delete cascade,
            moment text references moments(id) on delete set null,
            set_by text references journal(id)
        ) strict;
        create index names_entity on names(entity_id);

        create table mentions (
            n integer not null references moments(n) on delete cascade,
            key text not null references names(key) on delete cascade,
            start integer not null,
            end integer not null,
            primary key (n, key, start)
        ) strict, without rowid;
        create index mentions_key on mentions(key);

        create table claims (
            id text primary key,
            n integer not null references moments(n) on delete cascade,
            start integer not null,
            end integer not null,
            subject text not null references names(key) on delete cascade,
            relation text not null,
            object text not null,
            object_key text not null,
            object_name text references names(key) on delete set null,
            ended integer not null,
            since integer,
            until integer,
            confidence real not null,
            extractor text not null
        ) strict;
        create index claims_n on claims(n);
        create index claims_subject on claims(subject, relation);
        create index claims_object on claims(object_name) where object_name is not null;

        create table decisions (
            id text primary key references journal(id) on delete cascade,
            subject text not null references names(key) on delete cascade,
            relation text not null,
            object_key text not null,
            verdict text not null,
            value text
        ) strict;
        create index decisions_subject on decisions(subject);

        create table name_moves (
            id text not null references journal(id) on delete cascade,
            key text not null references names(key) on delete cascade,
            before text not null,
            after text not null,
            primary key (id, key)
        ) strict, without rowid;

        create table readings (
            n integer primary key references moments(n) on delete cascade,
            extractor text not null
        ) strict;
        """
    )


@migrations()
def episodes(db: Database) -> None:
    """Episodes, and which moments they hold; one that loses a moment is cut again."""
    db.executescript(
        """
        create table episodes (
            n integer primary key,
            id text not null unique,
            since integer not null,
            until integer not null,
            zone text not null,
            title text not null,
            people text not null,
            made_by text not null
        ) strict;
        create index episodes_until on episodes(until);

        create table episode_moments (
            n integer primary key references moments(n) on delete cascade,
            episode integer not null references episodes(n) on delete cascade
        ) strict;
        create index episode_moments_episode on episode_moments(episode);

        create trigger episodes_of_the_dead after update of live on moments
            when old.live = 1 and new.live = 0
        begin
            delete from episodes where n = (select episode from episode_moments where n = new.n);
        end;
        """
    )


@migrations()
def uses_and_alike(db: Database) -> None:
    """What was cited, opened and marked; and which moments say nearly the same as an earlier one."""
    db.executescript(
        """
        create table uses (
            n integer not null references moments(n) on delete cascade,
            kind text not null,
            time integer not null,
            journal text references journal(id),
            primary key (n, kind, time)
        ) strict, without rowid;
        create index uses_journal on uses(journal) where journal is not null;

        create table alike (
            n integer primary key references moments(n) on delete cascade,
            first integer not null references moments(n) on delete cascade
        ) strict;
        create index alike_first on alike(first) where first != n;
        """
    )


@migrations()
def verbs_of_moments(db: Database) -> None:
    """The verbs of a moment, by their stems with spaces between, where a parser has read it."""
    db.executescript("alter table readings add column verbs text not null default ''")


@migrations()
def reads(db: Database) -> None:
    """Which client was given which moments, when and by which use case."""
    db.executescript(
        """
        create table reads (
            time integer not null,
            client text not null,
            kind text not null,
            n integer not null references moments(n) on delete cascade,
            primary key (time, client, kind, n)
        ) strict, without rowid;
        create index reads_n on reads(n);
        """
    )


@migrations()
def summaries(db: Database) -> None:
    """The passages that sum an episode up, the most telling first: characters of its moments."""
    db.executescript(
        """
        create table summaries (
            episode integer not null references episodes(n) on delete cascade,
            place integer not null,
            n integer not null references moments(n) on delete cascade,
            start integer not null,
            end integer not null,
            primary key (episode, place)
        ) strict, without rowid;
        create index summaries_n on summaries(n);
        """
    )


@migrations()
def sessions_of_moments(db: Database) -> None:
    """A session's moments in order, without looking through all of its item: a long chat has thousands."""
    db.executescript("create index moments_session on moments(item_id, session, seq)")
