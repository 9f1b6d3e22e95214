"""What a core imports when it starts: loaded once, in the process that tests fork their cores from."""

import uvicorn  # noqa: F401

from secondme.core import (
    __main__,  # noqa: F401
    server,  # noqa: F401
    service,
)
from secondme.plugin import load_plugins

service.load()
load_plugins()
