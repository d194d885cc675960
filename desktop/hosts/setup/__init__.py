"""From a bare CentOS-family server to one that runs containers: a plan that is read, run, resumed and taken back."""

from __future__ import annotations

from .daemon import DaemonFileBroken
from .decide import Decision, decide
from .errors import (
    ArchiveDiffers,
    ArchiveUnknown,
    BadArchive,
    BadKey,
    KeysNeeded,
    NoArchive,
    NoSudoRight,
    NothingToUndo,
    NotSupported,
    Questions,
    SudoNeedsPassword,
    SudoWrongPassword,
    check_public_key,
)
from .export import export_script
from .failures import SIGNATURES, SetupFailed, explain_failure, recognise
from .mirrors import MirrorAddressBad, MirrorsUnreadable, MirrorUnknown, check_mirror, load_mirrors, mirror_at
from .model import Changes, Measured, Mirror, Piece, Script, Upload, Wish
from .offline import Local, check_sha256, fetch_archive, find_local, listed_archive
from .perform import Hands, plan_of, shown_command, undo_plan_of
from .probe import SetupFacts, look, probe_command
from .trial import trial_archive
from .undo import UndoChoice, choices, noted_steps, undo_pieces

__all__ = [
    "SIGNATURES",
    "ArchiveDiffers",
    "ArchiveUnknown",
    "BadArchive",
    "BadKey",
    "Changes",
    "DaemonFileBroken",
    "Decision",
    "Hands",
    "KeysNeeded",
    "Local",
    "Measured",
    "Mirror",
    "MirrorAddressBad",
    "MirrorUnknown",
    "MirrorsUnreadable",
    "NoArchive",
    "NoSudoRight",
    "NotSupported",
    "NothingToUndo",
    "Piece",
    "Questions",
    "Script",
    "SetupFacts",
    "SetupFailed",
    "SudoNeedsPassword",
    "SudoWrongPassword",
    "UndoChoice",
    "Upload",
    "Wish",
    "check_mirror",
    "check_public_key",
    "check_sha256",
    "choices",
    "decide",
    "explain_failure",
    "export_script",
    "fetch_archive",
    "find_local",
    "listed_archive",
    "load_mirrors",
    "look",
    "mirror_at",
    "noted_steps",
    "plan_of",
    "probe_command",
    "recognise",
    "shown_command",
    "trial_archive",
    "undo_pieces",
    "undo_plan_of",
]
