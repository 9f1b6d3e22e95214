"""Ids and times as the record keeps them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ulid import ULID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """A ULID: unique, and sorting by the time it was made."""
    return str(ULID()).lower()


def moment_id(item_id: str, key: str) -> str:
    """A moment's id: `m` and 15 characters (75 bits) that depend on its item and its key alone."""
    number = int.from_bytes(hashlib.blake2b(f"{item_id}\0{key}".encode(), digest_size=10).digest())
    return "m" + "".join(_ALPHABET[(number >> (5 * i)) & 31] for i in range(15))


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return to_ms(datetime.now(UTC))


def to_ms(time: datetime) -> int:
    """An aware time as milliseconds since 1970, UTC."""
    return round((time - _EPOCH).total_seconds() * 1000)


def from_ms(ms: int, zone: str = "UTC") -> datetime:
    """The aware time in its zone: an IANA name or an offset such as `+02:00`."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone_named(zone))


def zone_name(time: datetime) -> str:
    """The zone of an aware time, as `from_ms` takes it."""
    key = getattr(time.tzinfo, "key", None)
    return str(key) if key else _offset(time)


def _offset(time: datetime) -> str:
    seconds = int((time.utcoffset() or UTC.utcoffset(None)).total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}"


def zone_named(name: str) -> tzinfo:
    """The zone with that name or offset; UTC for one that is not known here."""
    if name[:1] in "+-" and len(name) == 6:
        parsed = datetime.fromisoformat(f"2000-01-01T00:00:00{name}").tzinfo
        return parsed or UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


_EPOCH = datetime.fromtimestamp(0, UTC)
