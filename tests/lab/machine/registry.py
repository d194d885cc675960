"""A real image registry with user and password, with or without TLS."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from dataclasses import asdict, dataclass

from tests.lab.machine import base_image, engine, network, repositories
from tests.lab.machine.apt import STABLE, Apt
from tests.lab.machine.commands import LabError, locked, run, step, succeeds, wait_until
from tests.lab.machine.names import CACHE, NETWORK, PREFIX, REGISTRY_NAME, REGISTRY_PORT, ROLE, RUN, subnet

USER = "lab"
_CONTAINER = f"{PREFIX}registry"
_FOLDER = RUN / "registry"
_PROGRAM = CACHE / "registry/usr/bin/docker-registry"
_CONFIGURATION = """version: 0.1
log: {{level: info}}
storage:
  filesystem: {{rootdirectory: /var/lib/registry}}
  delete: {{enabled: true}}
auth:
  htpasswd: {{realm: lab, path: {folder}/htpasswd}}
http:
  addr: :{port}
  secret: {secret}
"""
_TLS = """  tls:
    certificate: {folder}/server.crt
    key: {folder}/server.key
"""
_HASH = """cd {folder}
cat > hash.py <<'PYTHON'
import crypt
print("{user}:" + crypt.crypt("{password}", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1024)))
PYTHON
python3 hash.py > htpasswd
"""
_CERTIFICATES = """exec 2>openssl.log
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=Goferry lab CA' -keyout ca.key -out ca.crt
openssl req -newkey rsa:2048 -nodes -subj '/CN={name}' -keyout server.key -out server.csr
printf 'subjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1,IP:{address}\\n' > san
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile san -out server.crt
"""


@dataclass(frozen=True, slots=True)
class Registry:
    """How the registry is reached."""

    local: str
    """For this computer's own engine: an engine takes plain HTTP from 127.0.0.1."""

    inside: str
    """For the hosts, which must be told to trust it."""

    address: str
    """One reference that both sides can reach."""

    user: str
    password: str
    tls: bool
    ca: str
    """The file of the authority to be trusted; empty without TLS."""


def up(*, tls: bool = False, port: int = 0) -> Registry:
    """Start an empty registry in place of the one before, published on 127.0.0.1. Port 0: a free one."""
    with locked():
        engine.ensure()
        base_image.ensure()
        repositories.ensure([])
        network.ensure()
        _fetch()
        _remove()
        _FOLDER.mkdir(parents=True)
        password = f"reg-{secrets.token_hex(5)}"
        _write_configuration(password, tls=tls)
        published = _start(port)
        registry = _facts(published, password, tls=tls)
        (_FOLDER / "facts.json").write_text(json.dumps(asdict(registry), indent=1), encoding="utf-8")
    return registry


def down() -> None:
    with locked():
        _remove()


def current() -> Registry | None:
    """The registry that is up."""
    file = _FOLDER / "facts.json"
    return Registry(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def _facts(published: str, password: str, *, tls: bool) -> Registry:
    return Registry(
        local=published,
        inside=f"{REGISTRY_NAME}:{REGISTRY_PORT}",
        address=f"{subnet()}.3:{REGISTRY_PORT}",
        user=USER,
        password=password,
        tls=tls,
        ca=str(_FOLDER / "ca.crt") if tls else "",
    )


def _fetch() -> None:
    if _PROGRAM.exists():
        return
    with step("fetching the registry"):
        Apt(CACHE / "apt", STABLE).fetch(["docker-registry"], CACHE / "registry")
        shutil.rmtree(CACHE / "apt")


def _write_configuration(password: str, *, tls: bool) -> None:
    text = _CONFIGURATION.format(folder=_FOLDER, port=REGISTRY_PORT, secret=secrets.token_hex(16))
    text += _TLS.format(folder=_FOLDER) if tls else ""
    (_FOLDER / "config.yml").write_text(text, encoding="utf-8")
    script = _HASH.format(folder=_FOLDER, user=USER, password=password)
    if tls:
        script += _CERTIFICATES.format(name=REGISTRY_NAME, address=f"{subnet()}.3")
    base_image.run_script(script)


def _start(port: int) -> str:
    """Start the container; returns where its port is published."""
    published = f"127.0.0.1:{port or ''}:{REGISTRY_PORT}"  # without a number the engine finds a free one
    options = [
        *("--name", _CONTAINER, "--label", f"{ROLE}=registry", "--network", NETWORK),
        *("--ip", f"{subnet()}.3", "--network-alias", REGISTRY_NAME, "-p", published),
        *("-v", "/var/lib/registry", "-v", f"{_FOLDER}:{_FOLDER}:ro"),
        *("-v", f"{_PROGRAM}:/usr/local/bin/docker-registry:ro"),
    ]
    program = ("docker-registry", "serve", _FOLDER / "config.yml")
    run("docker", "run", "-d", *options, base_image.IMAGE_NAME, *program)
    wait_until(_listens, 120, "the registry does not answer")
    return run("docker", "port", _CONTAINER, str(REGISTRY_PORT))


def _listens() -> bool:
    log = subprocess.run(["docker", "logs", _CONTAINER], check=False, capture_output=True)
    if not succeeds("docker", "exec", _CONTAINER, "true"):
        raise LabError(f"the registry ended: {log.stderr.decode(errors='backslashreplace')}")
    return b"listening on" in log.stderr


def _remove() -> None:
    succeeds("docker", "rm", "-f", "-v", _CONTAINER)
    shutil.rmtree(_FOLDER, ignore_errors=True)
