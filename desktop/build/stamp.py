"""The version of a build, told from git."""

from __future__ import annotations

from desktop.project import GitState

UNKNOWN = "dev"
NONE = "none"
"""build.version that stamps nothing."""
SHORT = 7


def version_stamp(setting: str, git: GitState | None) -> str:
    """The version to stamp. `setting` is build.version: "git", "none", or a version that stands as it is.

    The tag of this commit without its v, else the short commit; "-dirty" where files are not committed, because that
    commit alone does not give this program; "dev" where there is no git.
    """
    if setting.strip() != "git":
        return "" if setting.strip() == NONE else setting.strip()
    if git is None or not (git.tag or git.commit):
        return UNKNOWN
    tag = git.tag
    name = tag[1:] if tag[:1] == "v" and tag[1:2].isdigit() else tag or git.commit[:SHORT]
    # a monorepo tags `svc/v1.2.3`: what stands before the slash names the module, not the version
    name = name.rpartition("/v")[2] if "/v" in name else name
    return f"{name}-dirty" if git.dirty else name
