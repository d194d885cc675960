"""What pip and uv really said when something was wrong, and what Goferry makes of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from installer import troubles
from installer.troubles import recognised
from installer.words import CHINESE, Speaker, speaks_chinese
from tests.unit.installer.clone import ROOT

UV_REFUSED_CONNECTION = """\
error: Request failed after 3 retries in 7.8s
  cause: Failed to fetch: https://pypi.org/simple/six/
  cause: error sending request for url (https://pypi.org/simple/six/)
  cause: client error (Connect)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
UV_DEAD_PROXY = UV_REFUSED_CONNECTION.replace(
    "  cause: tcp", "  cause: tunnel error: failed to create\n  cause: tcp"
)
UV_NO_NAME = """\
error: Request failed after 3 retries in 10.5s
  cause: Failed to fetch: https://mirror.example/simple/six/
  cause: error sending request for url (https://mirror.example/simple/six/)
  cause: client error (Connect)
  cause: dns error
  cause: failed to lookup address information: Name or service not known
"""
PIP_NO_NAME = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by \
'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new \
connection: [Errno -3] Temporary failure in name resolution')': /simple/uv/
ERROR: Could not find a version that satisfies the requirement uv==0.13.9 (from versions: none)
ERROR: No matching distribution found for uv==0.13.9
"""
PIP_SILENT = """\
ERROR: Could not find a version that satisfies the requirement uv==0.13.9 (from versions: none)
ERROR: No matching distribution found for uv==0.13.9
"""
UV_CERTIFICATE = """\
error: Failed to fetch: https://pypi.org/simple/six/
  cause: error sending request for url (https://pypi.org/simple/six/)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer
"""
PIP_CERTIFICATE = """\
Could not fetch URL https://pypi.org/simple/six/: There was a problem confirming the ssl certificate: \
HTTPSConnectionPool(host='pypi.org', port=443): Max retries exceeded with url: /simple/six/ (Caused by \
SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed'))) - skipping
ERROR: No matching distribution found for six
"""
UV_UNAUTHORISED = """\
error: No solution found when resolving dependencies
  cause: Because six was not found in the package registry and you require six, we can conclude that your \
requirements are unsatisfiable.

hint: An index URL (https://packages.company.example/simple) could not be queried due to a lack of valid \
authentication credentials (401 Unauthorized)
"""
UV_PROXY_PASSWORD = """\
error: Failed to fetch: https://pypi.org/simple/six/
  cause: error sending request for url (https://pypi.org/simple/six/)
  cause: client error (Connect)
  cause: tunnel error: proxy authorization required
"""
UV_HASH = """\
error: Failed to download `six==1.17.0`
  cause: Hash mismatch for `six==1.17.0`
"""
PIP_HASH = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, \
please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.
"""
UV_FULL = """\
error: Failed to install: pydantic_core-2.50.5-cp311-cp311-manylinux2014_x86_64.whl (pydantic-core==2.50.5)
  cause: failed to copy file from /a to /b: No space left on device (os error 28)
"""
WINDOWS_FULL = "  cause: There is not enough space on the disk. (os error 112)\n"
PIP_FULL = "shutil.Error: [('/tmp/a', '/b', \"[Errno 28] No space left on device: '/tmp/a' -> '/b'\")]\n"
UV_RIGHTS = """\
error: Failed to initialize cache at `/home/ann/.cache/uv`
  cause: failed to create directory `/home/ann/.cache/uv`: Permission denied (os error 13)
"""
WINDOWS_RIGHTS = "  cause: failed to remove file `C:\\g\\QtCore.pyd`: Access is denied. (os error 5)\n"
UV_PLATFORM = """\
error: No solution found when resolving dependencies
  cause: Because pyside6-essentials==6.11.3 has no wheels with a matching platform tag (e.g., `win32`) and you \
require pyside6-essentials==6.11.3, we can conclude that your requirements are unsatisfiable.
"""


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (UV_REFUSED_CONNECTION, "setup.no_network"),
        (UV_DEAD_PROXY, "setup.no_network"),
        (UV_NO_NAME, "setup.no_network"),
        (PIP_NO_NAME, "setup.no_network"),
        (PIP_SILENT, "setup.no_network"),
        (UV_CERTIFICATE, "setup.untrusted_certificate"),
        (PIP_CERTIFICATE, "setup.untrusted_certificate"),
        (UV_UNAUTHORISED, "setup.index_refused"),
        (UV_PROXY_PASSWORD, "setup.index_refused"),
        (UV_HASH, "setup.hash_mismatch"),
        (PIP_HASH, "setup.hash_mismatch"),
        (UV_FULL, "setup.disk_full"),
        (WINDOWS_FULL, "setup.disk_full"),
        (PIP_FULL, "setup.disk_full"),
        (UV_RIGHTS, "setup.no_rights"),
        (WINDOWS_RIGHTS, "setup.no_rights"),
        (UV_PLATFORM, "setup.no_package"),
    ],
)
def test_the_output_of_a_tool_is_recognised(output: str, code: str) -> None:
    trouble = recognised("uv pip sync", output, "/somewhere")
    assert trouble.code == code
    assert trouble.detail == output


@pytest.mark.parametrize(
    ("output", "proxy", "words"),
    [
        (UV_NO_NAME, "", "mirror.example does not answer."),
        (UV_DEAD_PROXY, "http://ann:secret@proxy.example:3128", "proxy.example:3128 does not answer."),
        (UV_REFUSED_CONNECTION, "http://proxy.example:3128", "pypi.org does not answer."),
    ],
)
def test_the_host_that_does_not_answer_is_named(output: str, proxy: str, words: str) -> None:
    assert recognised("uv", output, "/x", proxy).told(Speaker())["why"] == words


def test_the_package_that_is_missing_is_named() -> None:
    told = recognised("uv", UV_PLATFORM, "/x").told(Speaker())
    assert told["what"] == "There is no package of pyside6-essentials for this computer."


def test_what_nobody_has_met_yet_is_shown() -> None:
    told = recognised("uv pip sync", "one\ntwo\n\nerror: the moon is full\n", "/x").told(Speaker())
    assert told["what"] == "uv pip sync did not work."
    assert told["why"].endswith("the moon is full")


def sentences(module: str) -> set[str]:
    """Each text of a module that ends like a sentence, or is said by name."""
    texts = set()
    for node in ast.walk(ast.parse((ROOT / "installer" / module).read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Tuple)
            and len(node.elts) == 2
            and isinstance(node.elts[1], ast.Dict | ast.Name)
        ):
            node = node.elts[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("say", "words") and node.args:
            node = node.args[0]
        else:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
    return texts


@pytest.mark.parametrize("module", ["troubles.py", "packages.py", "environment.py", "verbs.py", "system.py"])
def test_every_sentence_has_its_chinese(module: str) -> None:
    assert sentences(module) - set(CHINESE) == set()


def test_both_languages_name_the_same_things() -> None:
    names = re.compile(r"\{(\w+)\}")
    different = [
        text for text, chinese in CHINESE.items() if set(names.findall(text)) != set(names.findall(chinese))
    ]
    assert different == []


def test_every_trouble_can_be_told_in_chinese() -> None:
    made = [
        troubles.Unreachable("h", ""),
        troubles.Untrusted("h", ""),
        troubles.Refused("h", ""),
        troubles.NoRoom("f", 1, 2),
        troubles.NoRoom("f"),
        troubles.NoRights("f", "r"),
        troubles.NoPip("p", debian=True),
        troubles.NoPip("p", debian=False),
        troubles.Altered(""),
        troubles.NoPackage("p", ""),
        troubles.Unknown("s", "d"),
        troubles.Incomplete("f", "r"),
        troubles.SystemPackages(["a"], for_tests=True, root=True),
        troubles.SystemPackages(["a"], for_tests=False, root=False),
        troubles.NotAClone("r"),
    ]
    for trouble in made:
        told = trouble.told(Speaker(chinese=True))
        assert all(re.search("[一-鿿]", told[part]) for part in ("what", "why", "fix")), told
    assert len({trouble.code for trouble in made}) == 12


def test_the_language_is_the_callers_then_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert speaks_chinese([])
    assert speaks_chinese(["--lang", "zh_CN"])
    assert not speaks_chinese(["--lang=en", "doctor"])
    monkeypatch.setenv("LC_ALL", "C")
    assert not speaks_chinese([])


def test_bootstrap_can_be_read_by_any_python() -> None:
    """The file that an old Python starts holds no syntax newer than Python 3.4, and no f-string."""
    source = Path(ROOT / "installer" / "bootstrap.py").read_text(encoding="ascii")
    parsed = ast.parse(source, feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred, ast.FunctionDef)
    assert [node for node in ast.walk(parsed) if isinstance(node, newer)] == []
