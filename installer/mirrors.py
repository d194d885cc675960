"""The person's own pip settings, said to uv: a company's index, proxy and certificate hold for both."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def pip_files(environment: Mapping[str, str]) -> list[Path]:
    """Where pip reads its settings from, the weakest first."""
    home = Path.home()
    if sys.platform == "win32":
        shared = Path(environment.get("PROGRAMDATA", r"C:\ProgramData"), "pip", "pip.ini")
        own = [home / "pip" / "pip.ini", Path(environment.get("APPDATA", str(home)), "pip", "pip.ini")]
        files = [shared, *own]
    else:
        shared_folders = environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
        config = Path(environment.get("XDG_CONFIG_HOME", home / ".config"))
        files = [Path(folder, "pip", "pip.conf") for folder in reversed(shared_folders)]
        files += [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", config / "pip" / "pip.conf"]
    if chosen := environment.get("PIP_CONFIG_FILE"):
        files = [] if chosen == os.devnull else [*files, Path(chosen)]
    return files


def pip_settings(files: list[Path], environment: Mapping[str, str]) -> dict[str, str]:
    """pip's settings by name (`index-url`): `[global]`, then `[install]`, then the environment wins."""
    import configparser

    parser = configparser.RawConfigParser()
    for file in files:
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError, OSError):
            continue  # pip itself tells about a file that it cannot read
    settings: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            settings.update({name.replace("_", "-"): value for name, value in parser.items(section)})
    for name, value in environment.items():
        if name.startswith("PIP_") and value:
            settings[name[4:].lower().replace("_", "-")] = value
    return settings


def _places(settings: Mapping[str, str]) -> list[str]:
    """One a line, or with spaces between as pip has them; a folder whose name has a space is one."""
    places = []
    for line in settings.get("find-links", "").splitlines():
        places += [line.strip()] if Path(line.strip()).is_dir() else line.split()
    return [place for place in places if place]


def uv_environment(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """What uv is told besides `environment`. What a person said to uv itself stays as it is.

    `extra-index-url` is left out: Goferry's packages are all on the main index, and a second one could only
    hide them.
    """
    said: dict[str, str] = {"UV_NO_PROGRESS": "1", "UV_HTTP_TIMEOUT": settings.get("default-timeout", "90")}
    if not settings.get("cert"):
        said["UV_SYSTEM_CERTS"] = "true"  # what the system trusts, a company's own authority too
    if "UV_INDEX_URL" not in environment and (index := settings.get("index-url", "").strip()):
        said["UV_DEFAULT_INDEX"] = index
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        said["UV_NO_INDEX"] = "true"
        folders = [place for place in _places(settings) if "://" in place or Path(place).is_dir()]
        said["UV_FIND_LINKS"] = ",".join(folders)
    if hosts := settings.get("trusted-host", "").split():
        said["UV_INSECURE_HOST"] = " ".join(hosts)
    if certificate := settings.get("cert"):
        said["SSL_CERT_FILE"] = certificate
    if proxy := settings.get("proxy"):
        said["HTTPS_PROXY"] = said["HTTP_PROXY"] = proxy
    return {name: value for name, value in said.items() if value and name not in environment}
