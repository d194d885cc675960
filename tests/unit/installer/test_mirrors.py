"""A company's pip settings hold for uv as well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from installer.mirrors import pip_files, pip_settings, uv_environment

MIRROR = "https://mirrors.example/pypi/simple"


def test_a_mirror_in_pip_conf_becomes_uvs_index(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(f"[global]\nindex-url = {MIRROR}\ntrusted-host = mirrors.example\n", encoding="utf-8")
    said = uv_environment(pip_settings([file], {}), {})
    assert said["UV_DEFAULT_INDEX"] == MIRROR
    assert said["UV_INSECURE_HOST"] == "mirrors.example"


def test_the_environment_beats_the_file_and_install_beats_global(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[install]\nindex_url = https://install/\n[global]\nindex-url = https://global/\n", encoding="utf-8"
    )
    assert pip_settings([file], {})["index-url"] == "https://install/"
    assert pip_settings([file], {"PIP_INDEX_URL": MIRROR})["index-url"] == MIRROR


def test_what_a_person_said_to_uv_stays() -> None:
    settings = {"index-url": MIRROR, "cert": "/company.pem"}
    assert "UV_DEFAULT_INDEX" not in uv_environment(settings, {"UV_DEFAULT_INDEX": "https://own/"})
    assert "UV_DEFAULT_INDEX" not in uv_environment(settings, {"UV_INDEX_URL": "https://own/"})
    assert "SSL_CERT_FILE" not in uv_environment(settings, {"SSL_CERT_FILE": "/own.pem"})


def test_the_certificate_and_the_proxy_of_pip_hold() -> None:
    said = uv_environment({"cert": "/company.pem", "proxy": "http://proxy:3128"}, {})
    assert said["SSL_CERT_FILE"] == "/company.pem"
    assert said["HTTPS_PROXY"] == "http://proxy:3128"


def test_without_a_certificate_the_systems_are_trusted() -> None:
    assert uv_environment({}, {})["UV_SYSTEM_CERTS"] == "true"


def test_a_computer_without_an_index_uses_its_folder_of_packages(tmp_path: Path) -> None:
    spaced = tmp_path / "张 三"
    spaced.mkdir()
    settings = {"no-index": "true", "find-links": f"{spaced}\n{tmp_path / 'missing'}\nhttps://a/ https://b/"}
    said = uv_environment(settings, {})
    assert said["UV_NO_INDEX"] == "true"
    assert said["UV_FIND_LINKS"] == f"{spaced},https://a/,https://b/"


def test_a_damaged_file_is_left_to_pip(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_bytes(b"index-url = no section\n\xff\xfe")
    assert pip_settings([file, tmp_path / "missing"], {}) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="the places of POSIX")
def test_the_files_are_read_in_pips_order() -> None:
    files = pip_files({"XDG_CONFIG_HOME": "/home/ann/.config", "PIP_CONFIG_FILE": "/chosen.conf"})
    assert files[-2:] == [Path("/home/ann/.config/pip/pip.conf"), Path("/chosen.conf")]
    assert pip_files({"PIP_CONFIG_FILE": os.devnull}) == []
