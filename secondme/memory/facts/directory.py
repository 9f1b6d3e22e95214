"""Who a name leads to: known names, fuller and shorter forms of them, and people known as "my sister".

A short name belongs to the one person whose fuller name holds it; where two people could be meant it
stays somebody of its own, until a person joins them.
"""

from __future__ import annotations

from collections import defaultdict

from secondme.memory.facts.reading import Ref
from secondme.memory.facts.relations import ONLY
from secondme.record.clock import new_id
from secondme.record.entities import ME, Entities, Name


class Directory:
    """All names in memory. New ones are collected until `flush`."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities
        known = entities.names()
        self._names = known.by_key
        self._kinds = known.kinds
        self._new: list[Name] = []
        self._changed: set[str] = set()
        self._by_word: dict[str, set[str]] = defaultdict(set)
        self._keys: dict[str, set[str]] = defaultdict(set)
        for name in self._names.values():
            self._index(name)

    def __contains__(self, key: str) -> bool:
        return key in self._names

    def kind(self, key: str) -> str | None:
        """The kind of entity that a key leads to."""
        name = self._names.get(key)
        return self._kinds.get(name.entity) if name else None

    def entity(self, key: str) -> str | None:
        """The entity that a key leads to."""
        name = self._names.get(key)
        return name.entity if name else None

    def know(self, ref: Ref, moment: str | None = None) -> str:
        """The key of a name, which leads to an entity from now on; `moment` is where it stands."""
        known = self._names.get(ref.key)
        if known is not None:
            if _guess(self._kinds[known.entity]) and not _guess(ref.kind):
                self._kinds[known.entity] = ref.kind
                self._changed.add(known.entity)
                self._recognise(ref, known.entity)
            return ref.key
        entity = self._match(ref)
        if entity is None:
            entity = "e" + new_id()
            self._kinds[entity] = ref.kind
            self._changed.add(entity)
        self._add(Name(ref.key, ref.name, entity, moment))
        return ref.key

    def same(self, first: Ref, second: Ref, moment: str | None = None) -> None:
        """A moment shows that both names are of one: "my sister Sofia". A name that leads to somebody
        with a proper name of their own already stays where it is."""
        self.know(second, moment)
        target = self._names[second.key].entity
        known = self._names.get(first.key)
        if known is None:
            owner = self._owner(first.key)
            other = self._relative(owner, first.key.rpartition(">")[2]) if owner else None
            if other is not None and other != target:
                self._join(other, target)
            if other is None or not self._is_named(other) or other == target:
                self._add(Name(first.key, first.name, target, moment))
            return
        self._join(known.entity, target)

    def settle(self) -> None:
        """Join those who are known by the same relation to the same person under two of their names."""
        groups: dict[tuple[str, str], set[str]] = defaultdict(set)
        for key, name in self._names.items():
            owner, relation = self._owner(key), key.rpartition(">")[2]
            if owner is not None:
                groups[owner, relation].add(name.entity)
        for entities in groups.values():
            named = [e for e in entities if self._is_named(e)]
            if len(entities) > 1 and len(named) <= 1:
                target = named[0] if named else min(entities)
                for entity in entities - {target}:
                    self._join(entity, target)

    def lead(self, key: str, entity: str) -> None:
        """Let a name lead to another entity, by a rule."""
        name = self._names[key]
        if name.entity != entity:
            self.flush()
            self._entities.move([key], entity, None)
            self._keys[name.entity].discard(key)
            moved = Name(key, name.name, entity, name.moment)
            self._names[key] = moved
            self._index(moved)

    def flush(self) -> None:
        """Write the new names. Call inside the `write` block of what uses them."""
        self._entities.add(self._new, {e: self._kinds[e] for e in self._changed})
        self._new, self._changed = [], set()

    def _add(self, name: Name) -> None:
        self._names[name.key] = name
        self._new.append(name)
        self._index(name)

    def _index(self, name: Name) -> None:
        self._keys[name.entity].add(name.key)
        if ">" not in name.key and name.key != ME:
            for word in name.key.split():
                self._by_word[word].add(name.key)

    def _recognise(self, ref: Ref, entity: str) -> None:
        """A name that turns out to be a person's may be a form of one that is known."""
        if ref.kind == "person" and len(self._keys[entity]) == 1:
            other = self._match(ref)
            if other is not None and other != entity:
                self.lead(ref.key, other)

    def _join(self, entity: str, target: str) -> None:
        if entity == target or self._is_named(entity):
            return
        for key in list(self._keys[entity]):
            self.lead(key, target)

    def _is_named(self, entity: str) -> bool:
        return any(">" not in key for key in self._keys[entity])

    def _owner(self, key: str) -> str | None:
        """The entity whose relative a key names; None for a key that names nobody's."""
        if ">" not in key:
            return None
        owner = self._names.get(key.rpartition(">")[0])
        return owner.entity if owner else None

    def _relative(self, owner: str, relation: str) -> str | None:
        for key in self._keys[owner]:
            known = self._names.get(f"{key}>{relation}")
            if known is not None:
                return known.entity
        return None

    def _match(self, ref: Ref) -> str | None:
        """Somebody who is known by another form of the name."""
        if ">" in ref.key:
            owner = self._owner(ref.key)
            return self._relative(owner, ref.key.rpartition(">")[2]) if owner else None
        if ref.kind.rstrip("?") != "person":
            return None
        wanted = ("person",) if _guess(ref.kind) else ("person", "person?")
        words = ref.key.split()
        found = set()
        for key in set().union(*(self._by_word.get(word, set()) for word in words)):
            entity = self._names[key].entity
            if self._kinds.get(entity) in wanted and self._fits(
                words, entity, key, _guess(ref.kind)
            ):
                found.add(entity)
        return found.pop() if len(found) == 1 else None

    def _fits(self, words: list[str], entity: str, key: str, guessed: bool) -> bool:
        """Whether a name can be a form of the one that leads to an entity: all words of the shorter one
        stand in every fuller one, and the first names agree where both have one."""
        theirs = key.split()
        if guessed and len(words) > len(theirs):
            return False
        short, long = sorted((words, theirs), key=len)
        if not set(short) <= set(long) or len(short) == len(long):
            return False
        if len(short) == 1 and short[0] not in (long[0], long[-1]):
            return False
        if _guess(self._kinds[entity]) and short[0] != long[0]:  # "Tell Henning" is not Henning
            return False
        fuller = [k.split() for k in self._keys[entity] if " " in k and ">" not in k]
        return all(set(words) <= set(other) or set(other) <= set(words) for other in fuller)


def _guess(kind: str) -> bool:
    return kind.endswith("?")


def worth_knowing(ref: Ref) -> bool:
    """Whether somebody known by a relation alone is one person: a sister, not a friend."""
    return ">" not in ref.key or ref.key.rpartition(">")[2] in ONLY
