"""What goes into the Windows edition, and what is said about it."""

from __future__ import annotations

import hashlib
import py_compile
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

import pytest
import yaml

from installer.freeze import notices, pack, perform, shelf, trim
from installer.freeze.edition import Edition
from installer.freeze.perform import NotFit, inspect
from tests.conftest import ROOT
from tests.own_certificate import self_signed


def said(**fields: str | list[str]) -> metadata.PackageMetadata:
    message = Message()
    for name, value in fields.items():
        for text in [value] if isinstance(value, str) else value:
            message[name.replace("_", "-")] = text
    return cast(metadata.PackageMetadata, message)


@pytest.mark.parametrize(
    ("package", "licence"),
    [
        (said(License_Expression="Apache-2.0 OR BSD-3-Clause"), "Apache-2.0"),
        (said(License="LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only"), "LGPL-3.0-only"),
        (said(Classifier=["Topic :: Go", "License :: OSI Approved :: BSD License"]), "BSD License"),
        (
            said(License="MIT\nPermission is granted", Classifier="License :: OSI Approved :: MIT License"),
            "MIT License",
        ),
        (said(License_Expression="MIT AND (PSF-2.0)"), "MIT AND (PSF-2.0)"),
    ],
)
def test_a_licence_is_chosen_that_allows_to_travel_along(
    package: metadata.PackageMetadata, licence: str
) -> None:
    assert notices.allowed_licence("x", notices.licences(package)) == licence


@pytest.mark.parametrize(
    "package",
    [
        said(),
        said(License="GPL-3.0-or-later"),
        said(License="GPL"),
        said(License_Expression="AGPL-3.0-only"),
        said(License_Expression="MIT AND GPL-2.0-only"),
        said(License="see the website"),
        said(Classifier="License :: Other/Proprietary License"),
    ],
)
def test_an_unknown_or_gpl_licence_fails_the_build(package: metadata.PackageMetadata) -> None:
    with pytest.raises(notices.Forbidden, match="thing is under"):
        notices.allowed_licence("thing", notices.licences(package))


def test_the_notices_name_all_that_travels_along_with_its_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = notices.told(notices.gathered(project["dependencies"]))
    for name in ("paramiko", "docker", "cryptography", "urllib3", "PyNaCl", "cffi"):
        assert f"\n{name} " in text
    assert "paramiko 5" in text
    assert "LGPL-2.1 (replaceable files)" in text
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text
    assert "pytest" not in text.lower()


@pytest.mark.parametrize(
    "name",
    [
        r"PySide6\Qt6Core.dll", r"PySide6\plugins\platforms\qwindows.dll", r"PySide6\translations\qtbase_zh_CN.qm",
        r"PySide6\plugins\imageformats\qsvg.dll", r"PySide6\plugins\styles\qmodernwindowsstyle.dll", "python311.dll",
        r"resources\templates\http\internal\handler_test.go", r"desktop\build\tests_output.pyc",
    ],
)  # fmt: skip
def test_what_the_window_needs_travels_along(name: str) -> None:
    assert trim.wanted(name)


@pytest.mark.parametrize(
    "name",
    [
        r"PySide6\opengl32sw.dll", r"PySide6\Qt6QuickControls2.dll", r"PySide6\translations\qtbase_de.qm", "icuuc.dll",
        r"PySide6\plugins\tls\qopensslbackend.dll", r"PySide6\qml\QtQuick\qmldir", "api-ms-win-crt-heap-l1-1-0.dll",
    ],
)  # fmt: skip
def test_what_no_page_needs_stays_at_home(name: str) -> None:
    assert not trim.wanted(name)


def test_a_folder_of_parts_belongs_to_one_build_only() -> None:
    edition = Edition.of_source(ROOT)
    assert edition.folder == f"app-{edition.version}-{edition.build}"
    assert edition == Edition.of_source(ROOT)


def made(folder: Path, edition: Edition) -> Path:
    (folder / edition.folder).mkdir(parents=True)
    for name in ("goferry.exe", "goferryw.exe", f"{edition.folder}/THIRD_PARTY_NOTICES.txt"):
        (folder / name).write_bytes(b"MZ")
    return folder


EDITION = Edition("1.2.3", "0a1b2c3d")


def test_a_file_of_wine_s_own_is_not_handed_out(tmp_path: Path) -> None:
    folder = made(tmp_path / "Goferry", EDITION)
    inspect(folder, EDITION)
    (folder / EDITION.folder / "zlib1.dll").write_bytes(b"MZ".ljust(64, b"\0") + b"Wine builtin DLL")
    with pytest.raises(NotFit, match=r"zlib1\.dll"):
        inspect(folder, EDITION)


def test_a_program_with_paths_that_windows_may_not_take_is_not_handed_out(tmp_path: Path) -> None:
    folder = made(tmp_path / "Goferry", EDITION)
    deep = folder / EDITION.folder / ("a" * 80) / ("b" * 80)
    deep.mkdir(parents=True)
    with pytest.raises(NotFit, match="letters"):
        inspect(folder, EDITION)


def test_an_incomplete_program_is_not_handed_out(tmp_path: Path) -> None:
    folder = made(tmp_path / "Goferry", EDITION)
    (folder / "goferryw.exe").unlink()
    with pytest.raises(NotFit, match=r"goferryw\.exe"):
        inspect(folder, EDITION)


def test_winget_and_the_sums_name_the_very_file(tmp_path: Path) -> None:
    setup = tmp_path / "Goferry-1.2.3-setup.exe"
    setup.write_bytes(b"MZ setup")
    digest = hashlib.sha256(b"MZ setup").hexdigest()
    files = pack.winget(setup, EDITION, tmp_path)
    text = (tmp_path / "winget" / "Goferry.Goferry.installer.yaml").read_text(encoding="utf-8")
    assert f"InstallerSha256: {digest.upper()}" in text
    assert "PackageVersion: 1.2.3" in text
    listed = pack.sums([setup, *files], tmp_path).read_text(encoding="ascii")
    assert listed.splitlines()[0] == f"{digest}  {setup.name}"


def test_winget_s_files_have_the_fields_that_its_schema_1_6_wants(tmp_path: Path) -> None:
    """What the schemas of winget-cli require and allow, for the fields that are used."""
    setup = tmp_path / "Goferry-1.2.3-setup.exe"
    setup.write_bytes(b"MZ setup")
    found = {file.name: yaml.safe_load(file.read_bytes()) for file in pack.winget(setup, EDITION, tmp_path)}
    for values in found.values():
        assert re.fullmatch(r"[^.\s]{1,32}(\.[^.\s]{1,32}){1,7}", values["PackageIdentifier"])
        assert (values["PackageVersion"], values["ManifestVersion"]) == ("1.2.3", "1.6.0")
    version = found["Goferry.Goferry.yaml"]
    locale = found["Goferry.Goferry.locale.en-US.yaml"]
    installer = found["Goferry.Goferry.installer.yaml"]
    assert [one["ManifestType"] for one in (version, locale, installer)] == [
        "version",
        "defaultLocale",
        "installer",
    ]
    assert version["DefaultLocale"] == locale["PackageLocale"] == "en-US"
    for name, longest in (
        ("Publisher", 256),
        ("PackageName", 256),
        ("License", 512),
        ("ShortDescription", 256),
    ):
        assert 3 <= len(locale[name]) <= longest
    assert (installer["InstallerType"], installer["Scope"]) == ("nullsoft", "user")
    assert re.fullmatch(r"\d+(\.\d+){0,3}", installer["MinimumOSVersion"])
    assert set(installer["Platform"]) <= {"Windows.Desktop", "Windows.Universal"}
    codes = {one["InstallerReturnCode"]: one["ReturnResponse"] for one in installer["ExpectedReturnCodes"]}
    script = pack.SCRIPT.read_text(encoding="utf-8")
    assert all(f"SetErrorLevel {code}" in script for code in codes), "codes that the set-up never ends with"
    (only,) = installer["Installers"]
    assert only["Architecture"] == "x64"
    assert re.fullmatch(r"[0-9A-Fa-f]{64}", only["InstallerSha256"])
    assert only["InstallerUrl"].startswith("https://")
    assert only["InstallerUrl"].endswith(f"/{setup.name}")


@pytest.mark.skipif(shutil.which("makensis") is None, reason="needs NSIS")
def test_the_signing_command_gets_each_program_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The uninstaller too, while NSIS makes it; and nothing is packed when it fails."""
    log, signer = tmp_path / "signed.txt", tmp_path / "sign it.py"
    signer.write_text(
        "import sys; open(sys.argv[1], 'a', encoding='utf-8').write(sys.argv[-1] + '\\n')\n"
        "sys.exit('no such certificate' if sys.argv[2] == 'fail' else 0)\n",
        encoding="utf-8",
    )
    command = f'"{sys.executable}" "{signer}" "{log}"'
    folder = made(tmp_path / "Goferry", EDITION)
    monkeypatch.setenv("GOFERRY_SIGN", f"{command} fine")
    perform.sign(folder / "goferry.exe", folder / "goferryw.exe")
    setup = pack.installer(folder, EDITION, tmp_path, quick=True)
    signed = [Path(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [path.name for path in signed[:2]] == ["goferry.exe", "goferryw.exe"]
    assert len(signed) == 4
    assert signed[3] == setup
    assert signed[2] not in (setup, folder / "goferry.exe"), "the uninstaller, in a file of NSIS"
    setup.unlink()
    monkeypatch.setenv("GOFERRY_SIGN", f"{command} fail")
    with pytest.raises(NotFit):
        pack.installer(folder, EDITION, tmp_path, quick=True)
    assert not setup.exists()
    with pytest.raises(NotFit, match="no such certificate"):
        perform.sign(folder / "goferry.exe")


@pytest.mark.skipif(
    shutil.which("makensis") is None or shutil.which("osslsigncode") is None,
    reason="needs NSIS and osslsigncode",
)
def test_a_signature_of_a_certificate_of_one_s_own_is_found_in_the_setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "own.pem"
    key.write_bytes(self_signed(signs_code=True))
    signer = tmp_path / "sign.py"
    signer.write_text(
        "import os, subprocess, sys; key, file = sys.argv[1:]\n"
        "words = ['osslsigncode', 'sign', '-certs', key, '-key', key, '-in', file, '-out', file + '.signed']\n"
        "subprocess.run(words, check=True); os.replace(file + '.signed', file)\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("GOFERRY_SIGN", f'"{sys.executable}" "{signer}" "{key}"')
    setup = pack.installer(made(tmp_path / "Goferry", EDITION), EDITION, tmp_path, quick=True)
    words = ["osslsigncode", "verify", "-CAfile", str(key), "-in", str(setup)]
    asked = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    assert "Succeeded" in asked.stdout, asked.stdout


def test_the_portable_zip_keeps_its_state_beside_it(tmp_path: Path) -> None:
    import zipfile

    folder = made(tmp_path / "Goferry", EDITION)
    with zipfile.ZipFile(pack.portable(folder, EDITION, tmp_path)) as archive:
        assert {"Goferry/portable.txt", "Goferry/goferry.exe", "Goferry/goferryw.exe"} <= set(
            archive.namelist()
        )


def test_builds_and_checks_need_the_standard_library_alone() -> None:
    """They are started with whatever Python a computer has; the environment is made by them."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import installer.build, installer.check"
    asked = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, encoding="utf-8", check=False
    )
    assert asked.returncode == 0, asked.stderr


def test_a_frozen_program_tells_its_edition_by_its_folder(tmp_path: Path) -> None:
    assert Edition.of_made(made(tmp_path / "Goferry", EDITION)) == EDITION


def test_the_archive_is_opened_once_for_all_its_modules(tmp_path: Path) -> None:
    archive = tmp_path / shelf.ARCHIVE
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for name in ("one", "two", "three"):
            made.writestr(f"{name}.py", f"NAME = {name!r}")
        made.writestr("packed.py", "NAME = 'packed'", zipfile.ZIP_DEFLATED)
    script = (
        "import _io, runpy, sys; sys.path.insert(0, sys.argv[2]); opened, real = [], _io.open_code\n"
        "_io.open_code = lambda path: (opened.append(path), real(path))[1]\n"
        "runpy.run_path(sys.argv[1])['keep_open'](sys.argv[2])\n"
        "import one, two, three; print(one.NAME, two.NAME, three.NAME, opened.count(sys.argv[2]))\n"
        "import packed; print(packed.NAME)"
    )
    start = ROOT / "installer" / "freeze" / "start.py"
    asked = subprocess.run(
        [sys.executable, "-I", "-c", script, start, archive],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert asked.stdout.split() == ["one", "two", "three", "1", "packed"]


def test_modules_come_from_one_archive_and_what_may_be_replaced_from_files(tmp_path: Path) -> None:
    compiled = tmp_path / "from"
    compiled.mkdir()
    for name in ("alone", "pack/__init__", "pack/inner", "space/part", "mixed/__init__", "paramiko/__init__"):
        source, target = compiled / "source.py", tmp_path / f"{name}.pyc"
        source.write_text(f"NAME = {name!r}\n", encoding="utf-8")
        target.parent.mkdir(exist_ok=True)
        py_compile.compile(str(source), str(target), doraise=True)
    (tmp_path / "mixed" / "data.pem").write_text("x", encoding="ascii")
    assert shelf.shelve(tmp_path) == 4
    assert {path.name for path in tmp_path.iterdir()} == {shelf.ARCHIVE, "from", "mixed", "paramiko"}
    found_in = (str(tmp_path / shelf.ARCHIVE), str(tmp_path))
    shelf.alter(tmp_path / shelf.ARCHIVE, "alone.pyc", b"alone", b"other")
    script = (
        "import alone, pack.inner, space.part, mixed, paramiko;"
        "print(alone.NAME, pack.inner.NAME, space.part.NAME, mixed.NAME, paramiko.NAME)"
    )
    asked = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = sys.argv[1:]; {script}", *found_in],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert asked.stdout.split() == [
        "other",
        "pack/inner",
        "space/part",
        "mixed/__init__",
        "paramiko/__init__",
    ]
    with pytest.raises(ValueError, match="is not in alone"):
        shelf.alter(tmp_path / shelf.ARCHIVE, "alone.pyc", b"alone", b"other")
