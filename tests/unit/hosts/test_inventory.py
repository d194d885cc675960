"""The list of hosts, its file, and what people bring along."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.base.paths import Home
from desktop.hosts import (
    LOCAL,
    Host,
    HostExists,
    HostIsJump,
    ImportUnreadable,
    Inventory,
    InventoryDamaged,
    JumpLoop,
    UnknownHost,
    read_import,
)

WEB = Host(
    "web-1", "192.0.2.1", 2222, "deploy", "key", "/keys/id", groups=("生产", "web"), note="rack 7: 'a'"
)


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(Home(tmp_path / "home"))


def test_this_computer_is_always_there(inventory: Inventory) -> None:
    assert inventory.hosts() == (LOCAL,)
    assert inventory.get("local").local


def test_a_host_survives_the_file(inventory: Inventory, tmp_path: Path) -> None:
    inventory.add(WEB)
    assert Inventory(Home(tmp_path / "home")).get("web-1") == WEB


def test_a_change_by_another_goferry_is_seen(inventory: Inventory, tmp_path: Path) -> None:
    inventory.add(WEB)
    other = Inventory(Home(tmp_path / "home"))
    other.add(Host("web-2", "192.0.2.2"))
    assert [host.name for host in inventory.hosts()] == ["local", "web-1", "web-2"]


def test_names_of_hosts_groups_and_environments_are_resolved(inventory: Inventory) -> None:
    inventory.add(WEB)
    inventory.add(Host("web-2", "192.0.2.2", groups=("web",)))
    assert [host.name for host in inventory.resolve(["web", "web-1", "local"])] == ["web-1", "web-2", "local"]
    with pytest.raises(UnknownHost) as caught:
        inventory.resolve(["staging"], ["prod"])
    assert "prod, local, web-1" in str(caught.value.why)


def test_a_name_is_given_once(inventory: Inventory) -> None:
    inventory.add(WEB)
    with pytest.raises(HostExists):
        inventory.add(WEB)


def test_jump_hosts_follow_a_new_name_and_cannot_go_in_a_circle(inventory: Inventory) -> None:
    inventory.add(Host("gate", "192.0.2.9"))
    inventory.add(Host("inner", "10.0.0.5", via="gate"))
    inventory.change("gate", name="door")
    assert inventory.get("inner").via == "door"
    assert [host.name for host in inventory.chain(inventory.get("inner"))] == ["door"]
    with pytest.raises(JumpLoop):
        inventory.change("door", via="inner")
    with pytest.raises(HostIsJump, match="inner"):
        inventory.remove("door")
    with pytest.raises(UnknownHost):
        inventory.add(Host("lost", "10.0.0.6", via="nowhere"))


def test_a_damaged_list_is_told_and_left_as_it_is(inventory: Inventory) -> None:
    inventory.file.parent.mkdir(parents=True)
    for content in (
        "hosts: [",
        "hosts: 7",
        "- x",
        "hosts:\n- name: 'a;b'\n  address: x\n",
        "hosts:\n- {address: x}\n",
    ):
        inventory.file.write_text(content, encoding="utf-8")
        with pytest.raises(InventoryDamaged):
            Inventory(Home(inventory.file.parent)).hosts()
        assert inventory.file.read_text(encoding="utf-8") == content


SSH_CONFIG = """\
# work
Host gate
    HostName 203.0.113.7
    User ops
    Port 2200
Host web-* db-?
    User deploy
Host web-1 web-2
    HostName %h.example.com
    IdentityFile "~/.ssh/my key"
    ProxyJump gate
Host db-1
    HostName=10.0.0.9
    ProxyCommand nc %h %p
Match user root
    Port 99
Host -oProxyCommand=id
    HostName x
Host *
    User fallback
"""


def test_an_ssh_config_is_read_as_ssh_would(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(SSH_CONFIG, encoding="utf-8")
    rows = {row.name: row for row in read_import(path)}
    gate, web, db = rows["gate"].host, rows["web-1"].host, rows["db-1"]
    assert gate is not None
    assert (gate.address, gate.port, gate.user, gate.auth) == ("203.0.113.7", 2200, "ops", "agent")
    assert web is not None
    assert (web.address, web.user, web.key, web.via) == (
        "web-1.example.com",
        "deploy",
        "~/.ssh/my key",
        "gate",
    )
    assert db.host is not None
    assert "ProxyCommand" in str(db.note)
    assert rows["-oProxyCommand=id"].host is None
    assert str(rows["-oProxyCommand=id"].problem)


def test_a_table_from_a_chinese_excel_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hosts.csv"
    path.write_bytes(
        "name;address;user;groups;note\nweb-1;192.0.2.1;deploy;生产|web;机房\nbad name;x;y;;\n".encode(
            "gb18030"
        )
    )
    good, bad = read_import(path)
    assert good.host is not None
    assert good.host.groups == ("生产", "web")
    assert good.host.note == "机房"
    assert bad.host is None


def test_a_yaml_list_keeps_its_scalars(tmp_path: Path) -> None:
    path = tmp_path / "hosts.yaml"
    path.write_text(
        "hosts:\n- name: no\n  address: 192.0.2.1\n  port: 22\n  group: prod\n- 7\n", encoding="utf-8"
    )
    first, second = read_import(path)
    assert first.host is not None
    assert (first.host.name, first.host.port, first.host.groups) == ("no", 22, ("prod",))
    assert second.host is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", "a: &a [x,x,x]\nb: &b [*a,*a]\nhosts: [*b,*b]\n"),
        ("a.yaml", "[" * 20_000),
        ("a.yaml", "hosts: nothing\n"),
        ("a.csv", "host,ip\nx,y\n"),
        ("a.csv", "x" * (2 << 20)),
    ],
)
def test_what_is_no_list_of_hosts_is_refused(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ImportUnreadable):
        read_import(path)


def test_a_tag_in_yaml_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"- !!python/object/apply:os.system ['touch {tmp_path}/made']\n", encoding="utf-8")
    assert [row.host for row in read_import(path)] == [None]
    assert not (tmp_path / "made").exists()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportUnreadable):
        read_import(tmp_path / "none.csv")
