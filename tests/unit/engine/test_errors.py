"""What docker says, and what it means: texts from real engines, and from its documentation where marked."""

from __future__ import annotations

import pytest

from desktop.engine import EngineCut, EngineRefused, PortTaken, explained, recognise

REAL = [
    ("driver failed programming external connectivity on endpoint x (1f): Bind for 0.0.0.0:8080 failed: port is already allocated",
     "engine.port_taken"),
    ("failed to bind host port for 127.0.0.1:18999:172.17.0.3:8080/tcp: address already in use", "engine.port_taken"),
    ("Error response from daemon: No such container: nope", "engine.no_container"),
    ("No such image: nope:2", "engine.no_image"),
    ("pull access denied for x, repository does not exist or may require 'docker login'", None),
    ('Conflict. The container name "/web-1" is already in use by container "dc74". You have to remove (or rename) that container',
     "engine.name_taken"),
    ("unexpected EOF", "engine.archive"),
    ("Error processing tar file(exit status 1): unexpected EOF", "engine.archive"),
    ("write /var/lib/docker/tmp/x: no space left on device", "engine.disk_full"),
    ('OCI runtime create failed: exec: "/app/x": stat /app/x: no such file or directory: unknown', "engine.no_program"),
    ("exec /app/x: no such file or directory", "engine.no_program"),
    ("exec /app/x: exec format error", "engine.wrong_cpu"),
    ('exec: "/app/x": permission denied: unknown', "engine.not_executable"),
    ("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
     "engine.permission"),
    ("permission denied while trying to connect to the docker API at unix:///var/run/docker.sock", "engine.permission"),
    ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", "engine.down"),
    ("/bin/sh: 1: exec: docker: not found", "engine.none"),
    ("sh: docker: command not found", "engine.none"),
    ("could not find bridge docker0: route ip+net: no such network interface", "engine.network"),
    ("DockerException: Error while fetching server API version: (5, 'CreateFile', 'Access is denied.')", "engine.permission"),
    # from the documentation
    ("client version 1.39 is too old. Minimum supported API version is 1.44", "engine.too_new"),
    ("Get https://registry-1.docker.io/v2/: net/http: request canceled while waiting for connection", "engine.registry"),
    ("toomanyrequests: You have reached your pull rate limit", "engine.registry"),
    ('Get "https://reg.example:5000/v2/": http: server gave HTTP response to HTTPS client', "engine.registry_trust"),
    ("x509: certificate relies on legacy Common Name field, use SANs instead", "engine.registry_trust"),
    ("iptables: No chain/target/match by that name.", "engine.firewall"),
    ("something nobody has seen", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), REAL)
def test_what_docker_says_is_recognised(text: str, code: str | None) -> None:
    found = recognise("web-1", text)
    assert (found.code if found else None) == code
    if found is not None:
        assert "web-1" in f"{found.what} {found.why} {found.fix}" or code in (
            "engine.no_program",
            "engine.not_executable",
        )
        assert found.detail == text


def test_the_taken_port_is_named() -> None:
    for text in (REAL[0][0], REAL[1][0]):
        found = recognise("web-1", text)
        assert isinstance(found, PortTaken)
        assert found.port in (8080, 18999)


def test_what_is_new_is_shown_whole() -> None:
    error = explained("web-1", "something nobody has seen\nin two lines")
    assert isinstance(error, EngineRefused)
    assert "something nobody has seen" in str(error.why)
    assert error.detail == "something nobody has seen\nin two lines"


def test_a_link_that_ends_in_the_midst_of_a_write_is_a_cut() -> None:
    from desktop.engine.client import with_errors

    def write() -> None:
        raise EOFError

    with pytest.raises(EngineCut):
        with_errors("web-1", write)
