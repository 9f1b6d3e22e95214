"""What the core sends, as docs/json.md describes it."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Moment(TypedDict):
    id: str
    external_id: str | None
    text: str
    time: str
    speaker: str | None
    source: str
    path: str | None
    span: list[int] | None


class View(TypedDict):
    """What one view of recall made of a hit."""

    share: float
    measured: float
    rank: NotRequired[int]


class Hit(Moment):
    score: float
    explain: NotRequired[dict[str, View]]


class EpisodeHead(TypedDict):
    id: str
    title: str
    since: str
    until: str
    people: list[str]
    moments: int
    source: str


class Together(EpisodeHead):
    """An episode, and the ids of the moments in it that are `here`, in an answer."""

    here: list[str]


class Told(TypedDict):
    """A passage of a summary, and the moment that it is from, by id."""

    text: str
    moment: str
    speaker: str | None


class Episode(EpisodeHead):
    """An episode with all that was said in it, and others that are about the same."""

    summary: list[Told]
    similar: list[EpisodeHead]
    said: list[Moment]


class Recalled(TypedDict):
    hits: list[Hit]
    episodes: NotRequired[list[Together]]
    took_ms: float
    took: NotRequired[dict[str, float]]
    notice: NotRequired[str]


class Citation(Moment):
    n: int
    quote: str


class Answer(TypedDict):
    answer: str
    refused: bool
    quoted: bool
    partial: bool
    confidence: float
    citations: list[Citation]
    looked_for: list[str]
    near: list[Moment]
    model: str
    notice: NotRequired[str]
    recall_ms: float
    first_word_ms: float | None
    took_ms: float
    remembered: NotRequired[list[str]]


class Item(TypedDict):
    id: str
    name: str
    title: str | None
    media_type: str
    places: list[str]
    versions: int
    sha256: str


class Shown(Moment):
    live: bool
    context: str | None
    meta: dict[str, Any]
    passage: str | None
    keywords: list[str]
    related: list[Moment]
    marks: list[str]
    before: list[Moment]
    after: list[Moment]
    item: Item


class Original(TypedDict):
    id: str
    name: str
    path: str | None
    media_type: str
    size: int
    text: str | None
    passage: list[int] | None
    whole: bool


class Part(TypedDict):
    when: str
    moments: int
    kinds: dict[str, int]


class Timeline(TypedDict):
    when: str | None
    unit: str
    parts: list[Part]
    moments: NotRequired[list[Moment]]
    episodes: NotRequired[list[Together]]
    previous: NotRequired[str | None]
    next: NotRequired[str | None]


class Source(TypedDict):
    id: str
    kind: str
    path: str
    watched: bool
    items: int
    moments: int
    added: str
    error: str | None


class Change(TypedDict):
    id: str
    time: str
    kind: str
    client: str
    summary: str
    undoable: bool
    undone_by: str | None


class Read(TypedDict):
    """What a client was given: the ids of all moments, and the first of them."""

    time: str
    client: str
    kind: str
    moments: list[str]
    first: list[Moment]


class Model(TypedDict):
    name: str
    aliases: list[str]
    role: str
    licence: str
    size: int
    memory_mb: int
    fetched: bool
    in_use: bool
    description: str
    sources: list[str]


DOES = {"language": "answers", "embedder": "finds by meaning", "parser": "reads for facts"}
"""What a model does, by its role."""


class Worker(TypedDict):
    role: str
    model: str
    state: str
    pid: int | None
    resident_mb: int
    budget_mb: float | None
    first_s: NotRequired[float]
    tokens_s: NotRequired[float | None]


class Cell(TypedDict):
    """A part of a layer's weights, and where it is."""

    layer: int
    bytes: int
    state: str


class Residency(TypedDict):
    """How the weights of the model that answers lie in memory, in bytes and seconds."""

    budget: int
    used: int
    planned: int
    cells: list[Cell]
    embedding: dict[str, Any]
    output: dict[str, Any]
    bytes_read: int
    token_seconds: float | None


class Plan(TypedDict):
    """What so many megabytes buy with a model; sizes in MB."""

    name: str
    memory: int
    smallest: float
    whole: float
    uses: float
    file: float
    parts: dict[str, float]
    layers: dict[str, float]
    disk_mb_s: float
    tokens_s: float | None
    measured: bool


class Named(TypedDict):
    id: str
    name: str


class Evidence(TypedDict):
    """A statement that a fact rests on."""

    id: str
    moment: str
    time: str
    speaker: str | None
    source: str
    path: str | None
    quote: str
    ended: bool
    extractor: str


class Fact(TypedDict):
    id: str
    subject: Named
    relation: str
    object: str
    object_entity: Named | None
    since: str | None
    until: str | None
    learned: str
    taken: str
    confidence: float
    status: str
    superseded_by: str | None
    sensitive: bool
    used: bool
    decided: str | None
    evidence: list[Evidence]


class Entity(Named):
    kind: str
    guessed: bool
    names: list[str]
    evidence: dict[str, str]
    moments: int


class Value(TypedDict):
    """A value of the profile; `fact` is None for the name."""

    field: str
    card: str
    label: str
    value: str
    fact: Fact | None


class Trait(TypedDict):
    """One thing about how the person writes, with the newest moment that shows it."""

    label: str
    value: str
    moment: Moment


class Profile(TypedDict):
    """What is known of the person."""

    values: list[Value]
    style: list[Trait]


class State(TypedDict):
    """How the memory stands."""

    change: str | None
    items: int
    moments: int
    pending: int
    unread: int
    index: dict[str, str]
    embedding: dict[str, Any]
    embedder: str
    language_model: str
    memory: int
    workers: list[Worker]


class Forgotten(TypedDict):
    count: int
    moments: list[Moment]
    undo_days: int
    journal: str | None


Event = dict[str, Any]
"""One event of a stream: `event` says which."""
