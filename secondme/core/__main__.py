"""The core's process: takes the lock, opens the record, serves until idle or told to stop."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from secondme.config import Config, load, private_dir
from secondme.errors import RecordError, SecondMeError

log = logging.getLogger("secondme")


def main() -> int:
    """Run a core for the configured data directory; exit code 0, also when one runs already."""
    os.umask(0o077)
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for client in ("httpx", "httpx2"):
        logging.getLogger(client).setLevel(logging.WARNING)
    try:
        config = load()
        with locked(config) as mine:
            if mine:
                serve(config)
        return 0
    except SecondMeError as error:
        _say(error.line())
        return error.exit_code
    except Exception as error:
        log.exception("the core failed")
        _say(f"the core could not go on: {type(error).__name__}: {error}")
        return 3


def _say(line: str) -> None:
    """The reason, where the client that started this core looks for it."""
    print(f"error: {line}", file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def locked(config: Config) -> Iterator[bool]:
    """Hold the data directory's lock; gives False when another core has it.

    The lock is the system's own and goes with the process, so it can never be stale.
    """
    try:
        private_dir(config.data_dir)
        descriptor = os.open(config.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise RecordError(f"{config.data_dir} cannot be written: {error.strerror}") from error
    try:
        if not _try_lock(descriptor):
            yield False
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield True
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def serve(config: Config) -> None:
    """Serve the use cases until told to stop or idle for long enough."""
    import uvicorn

    from secondme.core import service
    from secondme.core.app import Core
    from secondme.core.server import Server

    service.load()
    core = Core(config)
    listener, token = _listen(config)
    uvicorn_server: uvicorn.Server

    def stop() -> None:
        uvicorn_server.should_exit = True

    server = Server(core, stop, token)
    uvicorn_server = uvicorn.Server(
        uvicorn.Config(
            server.app,
            http="h11",  # which answers HTTP/1.0 as such; the other implementation does not
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
        )
    )
    core.start()
    log.info("core %d serves %s", os.getpid(), config.data_dir)
    try:
        asyncio.run(_until_idle(uvicorn_server, server, core, listener))
    finally:
        core.close()
        for file in (config.socket, config.tcp_file):
            file.unlink(missing_ok=True)
        log.info("core %d ended", os.getpid())


async def _until_idle(
    uvicorn_server: object, server: object, core: object, listener: socket.socket
) -> None:
    import uvicorn

    from secondme.core.app import Core
    from secondme.core.server import Server

    assert isinstance(uvicorn_server, uvicorn.Server)
    assert isinstance(server, Server)
    assert isinstance(core, Core)

    async def watch_idle() -> None:
        limit = core.config.idle_exit * 60
        while limit:
            await asyncio.sleep(min(limit / 4, 15))
            busy = core.watcher.active or core.embedding.working or core.facts.working
            if not busy and server.idle_seconds() > limit:
                uvicorn_server.should_exit = True
                return

    idle = asyncio.create_task(watch_idle())
    await uvicorn_server.serve(sockets=[listener])
    idle.cancel()


def _listen(config: Config) -> tuple[socket.socket, str]:
    """The listening socket: Unix, 0600 in a 0700 folder; or loopback with a token."""
    private_dir(config.run_dir)
    if config.uses_tcp:
        listener = socket.create_server(("127.0.0.1", 0))
        token = secrets.token_urlsafe(32)
        place = {"port": listener.getsockname()[1], "token": token, "pid": os.getpid()}
        temporary = config.tcp_file.with_suffix(".tmp")
        temporary.write_text(json.dumps(place), encoding="utf-8")
        temporary.chmod(0o600)
        temporary.replace(config.tcp_file)
        return listener, token
    config.socket.unlink(missing_ok=True)  # the lock is ours, so any socket there is stale
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(config.socket))
    config.socket.chmod(0o600)
    listener.listen(64)
    return listener, ""


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main())
