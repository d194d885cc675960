"""The .def file of a python3.dll that forwards every export to python311.dll.

python3.dll is the doorway that wheels of the stable ABI (PySide6, cryptography, bcrypt) are linked to; python.org's
own is such a list of forwards too.
"""

from __future__ import annotations

import re

# "[Ordinal/Name Pointer] Table" of objdump: one "[  12] +base[  13] 0012 PyArg_Parse" a line
_ROW = re.compile(r"^\s*\[\s*\d+\](?:\s+\+base\[\s*\d+\])?(?:\s+[0-9a-f]{4})?\s+(_?Py\w+)\s*$")


def forwards(listing: str) -> str:
    """The file's text, out of what `objdump -p python311.dll` says."""
    table = listing.partition("Name Pointer] Table")[2]
    names = sorted({row[1] for line in table.splitlines() if (row := _ROW.match(line))})
    if len(names) < 1000:
        raise ValueError(f"only {len(names)} exports found")
    lines = [f"  {name} = python311.{name}" for name in names]
    return "\n".join(["LIBRARY python3.dll", "EXPORTS", *lines, ""])
