r"""The Windows end of the Docker pipe: docker_pipe.py STATE-FILE READY-FILE.

Serves Docker Desktop's two pipes and carries each connection to the port that docker_host.py wrote to the state
file. A message of no length is a client's end of input (so Docker's clients half-close a pipe); the connection then
stays open for the answer.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

PIPES = ("docker_engine", "dockerDesktopLinuxEngine")
GONE_POLL_S = 0.25


class PipeProtocol(asyncio.StreamReaderProtocol):
    """A stream that stays open for writing after the end of input."""

    def eof_received(self) -> bool:
        super().eof_received()
        return True


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (OSError, RuntimeError):
        pass  # the other end has gone


async def client_gone(pipe: asyncio.StreamWriter, upload: asyncio.Future[None]) -> None:
    """Returns once the client has closed its end: asyncio shows only 'no more input'."""
    if sys.platform != "win32":
        return
    import _winapi

    await asyncio.wait({upload})
    handle = pipe.get_extra_info("pipe").handle
    try:
        while True:
            _winapi.PeekNamedPipe(handle, 0)
            await asyncio.sleep(GONE_POLL_S)
    except (OSError, TypeError):  # TypeError: asyncio has closed the handle
        return


async def carry(requests: asyncio.StreamReader, pipe: asyncio.StreamWriter, port: int, token: bytes) -> None:
    engine: asyncio.StreamWriter | None = None
    try:
        answers, engine = await asyncio.open_connection("127.0.0.1", port)
        engine.write(token)
        upload = asyncio.ensure_future(pump(requests, engine))
        answer = asyncio.ensure_future(pump(answers, pipe))
        gone = asyncio.ensure_future(client_gone(pipe, upload))
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        for task in (upload, answer, gone):
            task.cancel()
    except OSError as error:
        print(f"engine: {error}", file=sys.stderr, flush=True)
    finally:
        pipe.close()
        if engine is not None:
            engine.close()


async def main(port: str, token: str, ready: Path) -> None:
    loop: Any = asyncio.get_running_loop()
    tasks = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(carry(reader, writer, int(port), token.encode()))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def protocol() -> PipeProtocol:
        return PipeProtocol(asyncio.StreamReader(), accept)

    for name in PIPES:
        await loop.start_serving_pipe(protocol, rf"\\.\pipe\{name}")
    ready.write_text("ready", encoding="ascii")  # noqa: ASYNC240  nobody waits yet
    await asyncio.Event().wait()


if __name__ == "__main__":
    said = Path(sys.argv[1]).read_text(encoding="ascii").split()
    asyncio.run(main(said[0], said[1], Path(sys.argv[2])))
