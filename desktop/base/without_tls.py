"""Loads asyncio as it is on a Python without OpenSSL.

asyncio brings its own TLS along, and with it two libraries of six megabytes, which a start would wait for. Nobody here
uses it: what goes over HTTPS goes through `desktop.base.web` and requests, which load `ssl` when they are needed.
"""

from __future__ import annotations

import sys

if "asyncio" not in sys.modules and "ssl" not in sys.modules:
    sys.modules["ssl"] = None  # type: ignore[assignment]  # Python's own mark for "cannot be imported"
    try:
        import asyncio  # noqa: F401
    finally:
        del sys.modules["ssl"]
