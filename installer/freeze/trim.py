"""What the program leaves at home: of 210 MB of Qt it needs 50."""

from __future__ import annotations

import re

MODULES = [
    "IPython", "PIL", "PySide6.QtOpenGL", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtTest", "Pythonwin",
    "_pytest", "curses", "distutils", "doctest", "hypothesis", "idlelib", "invoke", "lib2to3", "numpy", "pip",
    "pkg_resources", "pycparser.ply", "pydoc", "pydoc_data", "pytest", "setuptools", "tkinter", "turtle", "win32com",
    "xmlrpc",
]  # fmt: skip

HOOKS = ["pyi_rth_multiprocessing", "pyi_rth_pkgutil", "pyi_rth_inspect"]
"""What PyInstaller does at each start for programs that we are not: nobody here starts a Python by multiprocessing, and
Python's own ways find modules that are ordinary files of an archive."""

_QT_LIBRARIES = (
    r"opengl32sw|Qt6(Qml|Quick|Pdf|VirtualKeyboard|OpenGL|OpenGLWidgets|Designer|Lottie|Test|Sql|Help|Labs|Concurrent|DBus)\w*"
    r"|d3dcompiler_\d+|Qt6ShaderTools|Qt6Print\w*|Qt6UiTools"
)
_QT_PLUGINS = (
    r"(generic|networkinformation|tls|platforminputcontexts|sqldrivers|qmltooling|printsupport|virtualkeyboard|"
    r"platformthemes|egldeviceintegrations)[\\/]"
    r"|platforms[\\/]q(minimal|offscreen|direct2d)|imageformats[\\/]q(gif|icns|pdf|tga|tiff|wbmp|webp|jpeg)"
)
_UNWANTED = re.compile(
    rf"(^|[\\/])({_QT_LIBRARIES})\.dll$"
    rf"|^PySide6[\\/]plugins[\\/]({_QT_PLUGINS})"
    r"|^PySide6[\\/](qml|resources|metatypes|typesystems|include|lib)[\\/]"
    r"|^PySide6[\\/]translations[\\/](?!qtbase_zh_CN\.)"
    r"|^(icuuc|mscms)\.dll$"  # Windows has its own
    r"|^api-ms-win-[^\\/]*\.dll$|^ucrtbase\.dll$"  # every Windows 10 has them
    r"|(^|[\\/])tests?[\\/]|\.pyi$|py\.typed$",
    re.I,
)


def wanted(name: str) -> bool:
    """Whether the file travels with the program."""
    return _UNWANTED.search(name) is None
