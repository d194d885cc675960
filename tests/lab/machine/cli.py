"""The lab's command line: `python -m tests.lab.machine VERB`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from tests.lab.machine import engine, faults, images, lifecycle, registry, sample_images, shaping, sharing
from tests.lab.machine.commands import LabError, locked
from tests.lab.machine.faces import FACES
from tests.lab.machine.hosts import every_host, host
from tests.lab.machine.lifecycle import LOCALES, Wish

_Verb = Callable[[argparse.Namespace], None]


def main(words: Sequence[str]) -> int:
    """Carry out one command line; returns the exit code."""
    words = list(words)
    end = words.index("--") if "--" in words else len(words)
    arguments = _parser().parse_args(words[:end])
    arguments.command = words[end + 1 :]
    if arguments.subnet:
        os.environ["LAB_SUBNET"] = arguments.subnet
    verb: _Verb = arguments.verb
    try:
        verb(arguments)
    except LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 1
    return 0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _up(arguments: argparse.Namespace) -> None:
    wish = Wish(
        os=arguments.os,
        docker=arguments.docker,
        disk_gb=arguments.disk,
        lang=arguments.lang,
        open_passwords=arguments.passwords,
        sudo_password=arguments.sudo_password,
    )
    hosts = lifecycle.up(arguments.number, wish)
    sharing.keep()
    _print(" ".join(new.name for new in hosts))


def _down(arguments: argparse.Namespace) -> None:
    if arguments.hosts:
        lifecycle.down([host(name) for name in arguments.hosts])
    else:
        lifecycle.down_all(purge=arguments.purge)
        engine.end()


def _status(arguments: argparse.Namespace) -> None:
    hosts, found = every_host(), registry.current()
    if arguments.json:
        facts = {"hosts": [each.facts() for each in hosts], "registry": asdict(found) if found else None}
        _print(json.dumps(facts, indent=1))
        return
    for each in hosts:
        _print(f"{each.name:5} {each.os:16} {each.state:10} {each.address:15} {' '.join(each.faults())}")
    if found:
        _print(f"registry  {found.local}  {found.inside}")


def _build(arguments: argparse.Namespace) -> None:
    with locked():
        engine.ensure()
        images.ensure(arguments.os or ["centos-7"], docker=arguments.docker)


def _images(arguments: argparse.Namespace) -> None:
    for image in (sample_images.BUSYBOX, sample_images.DEBIAN):
        for target in arguments.load:
            sample_images.load(target, image)
        _print(str(sample_images.ensure(image)))


def _registry(arguments: argparse.Namespace) -> None:
    if arguments.action == "down":
        registry.down()
    else:
        _print(json.dumps(asdict(registry.up(tls=arguments.tls, port=arguments.port)), indent=1))


def _net(arguments: argparse.Namespace) -> None:
    shaping.shape(host(arguments.host), rate=arguments.rate, delay=arguments.delay, loss=arguments.loss)


def _fault(arguments: argparse.Namespace) -> None:
    broken = host(arguments.host)
    if arguments.fault == faults.HEAL:
        faults.heal(broken, arguments.argument)
    else:
        faults.cause(broken, arguments.fault, arguments.argument)


def _ssh(arguments: argparse.Namespace) -> None:
    command = host(arguments.host).ssh_command(arguments.user, *arguments.command)
    os.execvp(command[0], command)  # noqa: S606  # becomes ssh, terminal and all


def _rekey(arguments: argparse.Namespace) -> None:
    before, after = faults.rekey(host(arguments.host))
    _print(json.dumps({"before": before, "after": after}, indent=1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.lab.machine", description=f"{_ABOUT}; see tests/lab/README.md"
    )
    parser.add_argument("--subnet", help="the first three numbers of the lab's network (10.231.78)")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, does: _Verb, text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text)
        added.set_defaults(verb=does)
        return added

    _add_host_verbs(verb)
    _add_other_verbs(verb)
    _add_trouble_verbs(verb)
    return parser


_ABOUT = "real servers on this computer to test against"
_Adder = Callable[[str, _Verb, str], argparse.ArgumentParser]


def _add_host_verbs(verb: _Adder) -> None:
    up = verb("up", _up, "start more hosts, and print their names")
    up.add_argument("number", type=int, nargs="?", default=1)
    up.add_argument("--os", default="centos-7", choices=FACES)
    up.add_argument("--docker", action="store_true", help="already provisioned with Docker")
    up.add_argument("--disk", type=int, default=8, metavar="GB", help="size of the host's disk (8)")
    up.add_argument(
        "--lang", default=LOCALES[0], choices=LOCALES, help="the language that programs there speak"
    )
    up.add_argument("--passwords", action="store_true", help="root and deploy may log in by password too")
    up.add_argument("--sudo-password", default="", metavar="P", help="deploy's password (random)")
    down = verb("down", _down, "remove hosts; without names everything of the lab")
    down.add_argument("hosts", nargs="*")
    down.add_argument("--purge", action="store_true", help="and the lab's images and cache")
    status = verb("status", _status, "what is up")
    status.add_argument(
        "--json", action="store_true", help="with addresses, keys, passwords and fingerprints"
    )
    ssh = verb("ssh", _ssh, "a command after --, or a shell, on a host")
    ssh.add_argument("host")
    ssh.add_argument("--user", default="root")


def _add_other_verbs(verb: _Adder) -> None:
    verb("engine", lambda _: engine.ensure(), "make sure that a local Docker Engine answers")
    build = verb("build", _build, "make images without starting hosts")
    build.add_argument("--os", action="append", choices=FACES)
    build.add_argument("--docker", action="store_true")
    samples = verb("images", _images, "busybox:lab and debian:lab as archives for docker load")
    samples.add_argument("--load", action="append", default=[], metavar="HOST|local", help="load them there")
    store = verb("registry", _registry, "an image registry with a password")
    store.add_argument("action", choices=["up", "down"])
    store.add_argument("--tls", action="store_true", help="with a certificate of the lab's own authority")
    store.add_argument("--port", type=int, default=0, help="on 127.0.0.1 (a free one)")


def _add_trouble_verbs(verb: _Adder) -> None:
    net = verb("net", _net, "shape a host's network; without options: as it was")
    net.add_argument("host")
    net.add_argument("--rate", default="", help="each way, as tc writes it: 20mbit")
    net.add_argument("--delay", default="", help="added to the round trip: 30ms")
    net.add_argument("--loss", default="", help="of what reaches the host: 2%%")
    known = "; ".join(f"{name}: {fault.what}" for name, fault in faults.FAULTS.items())
    fault = verb("fault", _fault, f"break something on a host, or heal it. {known}")
    fault.add_argument("host")
    fault.add_argument("fault", choices=[*faults.FAULTS, faults.REBOOT, faults.HEAL])
    fault.add_argument("argument", nargs="?", default="", help="clock-skew: the shift; heal: only this fault")
    rekey = verb("rekey", _rekey, "give a host new host keys")
    rekey.add_argument("host")
