"""A table of lines, of which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import DataTable

from secondme.wording import cells


class Table(DataTable[Text]):
    """Rows under named columns, each column as wide as what it holds.

    The widths are set here, since Textual measures rows only after it may have painted them, and keeps what
    it has painted: lines cut off to the width of their heads.
    """

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False)

    def fill(self, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        """Show these rows in place of what was there."""
        self.clear(columns=True)
        for at, name in enumerate(columns):
            self.add_column(name, width=max([cells(name), *(row[at].cell_len for row in rows)]))
        self.add_rows(rows)
