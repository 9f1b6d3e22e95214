"""What can go wrong, as one line that a person can act on.

Every error that reaches a client is a `SecondMeError`: `str(error)` says what happened and where,
`hint` what to do about it. `exit_code` is the command's, `status` the HTTP answer's.
"""

from __future__ import annotations


class SecondMeError(Exception):
    """Base of all errors meant for a person.

    Exit codes: 1 not found or refused, 2 wrong use, 3 the core failed.
    """

    exit_code = 3
    status = 500
    ends_worker = False
    """Whether a model worker that raises it cannot go on."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def line(self) -> str:
        """The error and its hint as one line."""
        text = " ".join(str(self).split())
        return f"{text} — {self.hint}" if self.hint else text


class NotFoundError(SecondMeError):
    """Something named does not exist in this memory."""

    exit_code = 1
    status = 404


class RefusedError(SecondMeError):
    """Asked for something that is not done without more: a secret file, a destructive step unconfirmed."""

    exit_code = 1
    status = 409


class BadInputError(SecondMeError):
    """An argument, file or configuration value that cannot be used as given."""

    exit_code = 2
    status = 400


class CoreError(SecondMeError):
    """The core could not be reached or could not finish."""


class RecordError(SecondMeError):
    """The SQLite record cannot be opened or written."""


class IndexDamagedError(SecondMeError):
    """An index is broken; it is rebuilt from the record, searches by words go on."""


class WorkerError(SecondMeError):
    """A model worker died, hung or refused; the next request starts a fresh one."""

    status = 503


class ModelLostError(WorkerError):
    """A model's file was changed or cannot be read while it is in use: the worker ends itself."""

    ends_worker = True


class ModelError(SecondMeError):
    """A model file is missing, damaged or of a kind that cannot be used."""

    status = 409


class FetchError(ModelError):
    """A model could not be fetched; nothing half-written is left where models are looked for."""
