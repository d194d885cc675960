"""Source to binary: the Go toolchain, targets, compiler output, dependencies."""

from __future__ import annotations

from .commands import compile_command, linker_flags, module_place, test_command, vet_command
from .deps import (
    CacheSize,
    Dependencies,
    Dependency,
    ModuleGraph,
    ProxyAnswer,
    ProxyPreset,
    cache_size,
    clean_cache,
    measure_proxies,
    proxy_presets,
)
from .errors import (
    BrokenGo,
    BuildError,
    BuildFailed,
    DiskRefused,
    GoNotFetched,
    NoGo,
    NotAProgram,
    UnknownTarget,
    WrongGo,
)
from .executable import Executable, read_executable
from .fetch import GoPackage, fetch_go, offered
from .inputs import Inputs
from .model import (
    ALL,
    Binary,
    BuildEvent,
    BuildOutcome,
    BuildWish,
    OnEvent,
    Problem,
    Target,
    TargetInfo,
    Toolchain,
)
from .perform import After, Builder
from .problems import find_place, parse_problems
from .signatures import explain
from .stamp import version_stamp
from .stream import EventFeed
from .toolchain import find_toolchain, list_targets, require_version
from .watching import CannotWatch, FolderGone, Saved, Watching

__all__ = [
    "ALL",
    "After",
    "Binary",
    "BrokenGo",
    "BuildError",
    "BuildEvent",
    "BuildFailed",
    "BuildOutcome",
    "BuildWish",
    "Builder",
    "CacheSize",
    "CannotWatch",
    "Dependencies",
    "Dependency",
    "DiskRefused",
    "EventFeed",
    "Executable",
    "FolderGone",
    "GoNotFetched",
    "GoPackage",
    "Inputs",
    "ModuleGraph",
    "NoGo",
    "NotAProgram",
    "OnEvent",
    "Problem",
    "ProxyAnswer",
    "ProxyPreset",
    "Saved",
    "Target",
    "TargetInfo",
    "Toolchain",
    "UnknownTarget",
    "Watching",
    "WrongGo",
    "cache_size",
    "clean_cache",
    "compile_command",
    "explain",
    "fetch_go",
    "find_place",
    "find_toolchain",
    "linker_flags",
    "list_targets",
    "measure_proxies",
    "module_place",
    "offered",
    "parse_problems",
    "proxy_presets",
    "read_executable",
    "require_version",
    "test_command",
    "version_stamp",
    "vet_command",
]
