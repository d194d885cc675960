"""The text of the decoder that travels to a server: Python 2.7 and 3, standard library."""

from __future__ import annotations

from functools import cache

from desktop.base.resources import resources

DECODES = "gd2"
"""The format's name."""


@cache
def decoder_source() -> str:
    """A library: `apply_patch(old_path, read, new_path)`, `DeltaError`, `main(words)`. It runs nothing by itself."""
    return (resources() / "delta" / "apply_patch.py").read_text(encoding="ascii")


def program_source() -> str:
    """The same as a program for `python -c TEXT OLD NEW [PATCH]`; the patch comes from the standard input else."""
    return decoder_source() + "\n\nsys.exit(main(sys.argv[1:]))\n"
