"""The lock of an app on this computer: `desktop.base.filelock`."""

from __future__ import annotations

from desktop.base.filelock import FileLock, is_locked

__all__ = ["FileLock", "is_locked"]
