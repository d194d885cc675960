"""Spares each import a reading of the module's source.

From its own first import on, PySide6 reads the source of every module that anybody imports, in search of its name, to
know where `from __feature__ import snake_case` may count: a fifth of a start, and 20 MB of lines that are kept. In a
frozen program, which has no sources, it looks for each of them in vain. Nobody here uses `__feature__`.
"""

from __future__ import annotations

import sys

import shiboken6  # noqa: F401  brings shibokensupport along


def _uses_features(module: object) -> bool:
    """What PySide6 finds in a frozen program too."""
    return False


_feature = sys.modules.get("shibokensupport.feature")
if _feature is not None and "_mod_uses_pyside" in vars(_feature):
    vars(_feature)["_mod_uses_pyside"] = _uses_features
