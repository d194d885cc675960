"""The way back from running containers: merged logs, health, use of CPU and memory, and the moment it turns bad."""

from .buffer import Buffer
from .feed import Feed, merged
from .files import FileLogs
from .filters import BadPattern, Filter, Search, hits, volume
from .follow import Follower, Stream, StreamState
from .history import Bar, HealthHistory, Turn, UsageHistory, percentile
from .merge import Merger
from .model import LEVELS, Health, HealthSample, LogLine, Mark, UsageSample
from .parse import pairs_in, parse_level, parse_line, read_text
from .plain import is_plain, name_of, visible
from .probe import Check, probe
from .sources import CONNECTED, ContainerLogs, EngineLogs, LogSource, SourceGone
from .watcher import Alert, Watcher, watch_health

__all__ = [
    "CONNECTED",
    "LEVELS",
    "Alert",
    "BadPattern",
    "Bar",
    "Buffer",
    "Check",
    "ContainerLogs",
    "EngineLogs",
    "Feed",
    "FileLogs",
    "Filter",
    "Follower",
    "Health",
    "HealthHistory",
    "HealthSample",
    "LogLine",
    "LogSource",
    "Mark",
    "Merger",
    "Search",
    "SourceGone",
    "Stream",
    "StreamState",
    "Turn",
    "UsageHistory",
    "UsageSample",
    "Watcher",
    "hits",
    "is_plain",
    "merged",
    "name_of",
    "pairs_in",
    "parse_level",
    "parse_line",
    "percentile",
    "probe",
    "read_text",
    "visible",
    "volume",
    "watch_health",
]
