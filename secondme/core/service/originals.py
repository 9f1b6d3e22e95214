"""What stands in the originals that moments come from."""

from __future__ import annotations

from secondme.core.app import Core
from secondme.core.service import Call, Event, use_case
from secondme.core.service.parts import note_read
from secondme.errors import NotFoundError
from secondme.record.moments import StoredMoment


@use_case
def original(
    core: Core, call: Call, *, id: str, around: int = 20_000, private: bool = False
) -> Event:
    """What stands around a moment in its original: so many bytes before and after its passage.

    `text` is null where the original is no text or the moment's place in it is not known.
    """
    moment = core.record.moments.get(id)
    item = core.record.items.get(moment.item_id)
    data = core.record.items.original(moment.item_id)
    if not private:
        note_read(core, call, "original", [{"id": moment.id}])
    result: Event = {
        "id": moment.id,
        "name": item["name"],
        "path": moment.path,
        "media_type": item["media_type"],
        "size": len(data),
        "text": None,
        "passage": None,
        "whole": False,
    }
    if moment.span is None or b"\0" in data[:4096]:
        return result
    start, end = moment.span
    end = min(end, start + around)
    first, last = max(0, start - around), min(len(data), end + around)
    before, passage, after = (
        part.decode("utf-8", "ignore")
        for part in (data[first:start], data[start:end], data[end:last])
    )
    return {
        **result,
        "text": before + passage + after,
        "passage": [len(before), len(before) + len(passage)],
        "whole": first == 0 and last == len(data),
    }


def passage(core: Core, moment: StoredMoment, length: int | None) -> str | None:
    """What stands in the original at the moment's span, while that is kept."""
    if moment.span is None:
        return None
    try:
        data = core.record.items.original(moment.item_id)
    except NotFoundError:
        return None
    return data[slice(*moment.span)].decode("utf-8", "replace")[:length]
