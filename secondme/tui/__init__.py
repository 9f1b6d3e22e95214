"""The terminal app: the place where a person lives with their memory.

Small widgets own their keys and post messages; panes put them together; the app holds the way to the
core and what it tells of itself. Widgets know `secondme.tui.memory.Memory` and nothing below it.
"""

from __future__ import annotations

import gc


def run() -> int:
    """Open the app on the configured memory; returns the exit code when it has been left.

    Nothing that importing makes is garbage, and looking for some takes a tenth of the start: that
    begins after the first paint.
    """
    gc.disable()
    from secondme.config import load
    from secondme.errors import CoreError
    from secondme.tui.app import SecondMe

    app = SecondMe(load())
    app.run()
    if app.failure:
        raise CoreError(app.failure)
    return app.return_code or 0
