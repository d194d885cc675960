"""The Linux end of the Docker pipe: a port of 127.0.0.1 that leads to the Engine's socket.

    docker_host.py SOCKET STATE-FILE

Writes "port token" to the state file, which only its owner can read; a client has to send the token first.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import sys

TOKEN_LENGTH = 32


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (ConnectionError, RuntimeError):
        pass  # the other end has gone


async def _engine(socket: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if sys.platform == "win32":
        raise OSError("the Linux end runs on Linux")
    return await asyncio.open_unix_connection(socket)


async def serve(socket: str, state: str) -> None:
    token = secrets.token_hex(TOKEN_LENGTH // 2).encode()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        engine: asyncio.StreamWriter | None = None
        try:
            sent = await asyncio.wait_for(reader.readexactly(TOKEN_LENGTH), timeout=10)
            if not hmac.compare_digest(sent, token):
                return
            answers, engine = await _engine(socket)
            upload = asyncio.ensure_future(pump(reader, engine))
            await pump(answers, writer)  # the Engine's end of stream ends the call
            upload.cancel()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            writer.close()
            if engine is not None:
                engine.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _tell(state, f"{port} {token.decode()}\n")
    await server.serve_forever()


def _tell(state: str, text: str) -> None:
    with open(os.open(state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:3]))
