"""Lists of servers as people have them: pasted lines, Ansible inventories, and what must not come out of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.hosts import Host, ImportUnreadable, read_import, read_pasted
from desktop.hosts.lists import expanded

PRINT = "SHA256:" + "A" * 43

INI = """\
# production
gate ansible_host=203.0.113.7 ansible_port=2200
[web]
web[01:02].example.com ansible_user=deploy
[db]
db-1 ansible_host=10.0.0.9 ansible_ssh_private_key_file='~/.ssh/my key' ansible_password=hunter2
broken ansible_host={{ lookup('env', 'X') }}
[prod:children]
web
db
[prod:vars]
ansible_user = ops
[all:vars]
ansible_port=22
"""

YAML = """\
all:
  vars: { ansible_user: ops }
  hosts:
    gate: { ansible_host: 203.0.113.7, ansible_port: 2200 }
  children:
    web:
      hosts:
        web-1:
          ansible_host: 192.0.2.1
        web-2: { ansible_host: 192.0.2.2, ansible_user: deploy, ansible_become_pass: hunter2 }
    prod:
      children:
        web:
"""


def hosts(text: str) -> dict[str, Host]:
    return {row.name: row.host for row in read_pasted(text) if row.host is not None}


def test_a_server_a_line_is_read_however_it_is_written() -> None:
    found = hosts(
        f"root@192.0.2.1\nweb-2 192.0.2.2:2222 {PRINT}\ndeploy@db.example.com, db\n[2001:db8::1]:22 v6\n"
        "# a remark\n\nplain-name   # of the old rack\n"
    )
    assert {name: (host.user, host.address, host.port) for name, host in found.items()} == {
        "192.0.2.1": ("root", "192.0.2.1", 22),
        "web-2": ("root", "192.0.2.2", 2222),
        "db": ("deploy", "db.example.com", 22),
        "v6": ("root", "2001:db8::1", 22),
        "plain-name": ("root", "plain-name", 22),
    }
    assert found["web-2"].fingerprints == (PRINT,)


def test_an_ansible_inventory_gives_its_hosts_groups_and_variables_but_no_password() -> None:
    rows = {row.name: row for row in read_pasted(INI)}
    assert list(rows) == ["gate", "web01.example.com", "web02.example.com", "db-1", "broken"]
    gate, web, db = rows["gate"].host, rows["web02.example.com"].host, rows["db-1"].host
    assert gate is not None
    assert (gate.address, gate.port, gate.groups) == ("203.0.113.7", 2200, ())
    assert web is not None
    assert (web.user, web.groups) == ("deploy", ("web", "prod"))
    assert db is not None
    assert (db.user, db.key, db.auth, db.groups) == ("ops", "~/.ssh/my key", "key", ("db", "prod"))
    assert "hunter2" not in repr(rows)
    assert str(rows["db-1"].note)
    assert rows["broken"].host is None
    assert str(rows["broken"].problem)


def test_the_yaml_form_of_an_inventory_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yml"
    path.write_text(YAML, encoding="utf-8")
    for rows in (read_pasted(YAML), read_import(path)):
        found = {row.name: row.host for row in rows}
        assert {name: (h.address, h.user, h.port, h.groups) for name, h in found.items() if h} == {
            "gate": ("203.0.113.7", "ops", 2200, ()),
            "web-1": ("192.0.2.1", "ops", 22, ("web",)),
            "web-2": ("192.0.2.2", "deploy", 22, ("web",)),
        }
        assert "hunter2" not in repr(rows)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Host a b\n  HostName 192.0.2.1\n", ["a", "b"]),
        ("\n# x\nname,address\na,192.0.2.1\n", ["a"]),
        ("name\taddress\na\t192.0.2.1\n", ["a"]),
        ("hosts:\n- {name: a, address: 192.0.2.1}\n", ["a"]),
        ("- name: a\n  address: 192.0.2.1\n", ["a"]),
        ("", []),
    ],
)
def test_the_kind_of_a_pasted_list_is_told_by_its_looks(text: str, names: list[str]) -> None:
    assert list(hosts(text)) == names


@pytest.mark.parametrize(
    "text",
    ["x;id", "-oProxyCommand=id", "$(id)", "a@b@c d", "192.0.2.1:99999", "<img src=//h/s>", "a\u202eb"],
)
def test_a_hostile_line_becomes_no_host(text: str) -> None:
    assert hosts(text) == {}


def test_a_list_that_is_too_long_is_refused() -> None:
    with pytest.raises(ImportUnreadable):
        read_pasted("[g]\nweb[1:9999]\n")
    with pytest.raises(ImportUnreadable):
        read_pasted("x" * (2 << 20))
    assert list(expanded("a[01:03]-[a:b]"))[::5] == ["a01-a", "a03-b"]
