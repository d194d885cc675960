"""Which folders and files lead somewhere else; pure.

A junction of Windows is a folder to Python, and may lead round in a circle. But not each reparse point is one: OneDrive
and its like mark whole trees of ordinary folders so (tag 0x9000701a: golang/go#23684, syncthing/syncthing#4542). What
tells them apart is the tag's bit for a name surrogate: it stands for another name.
"""

from __future__ import annotations

import os
import stat

NAME_SURROGATE = 0x20000000


def leads_elsewhere(found: os.stat_result) -> bool:
    """Of what `lstat` found: a symbolic link, a junction, or another name for something else."""
    if stat.S_ISLNK(found.st_mode):
        return True
    attributes = getattr(found, "st_file_attributes", 0)
    tag = getattr(found, "st_reparse_tag", 0)
    return bool(attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT and tag & NAME_SURROGATE)
