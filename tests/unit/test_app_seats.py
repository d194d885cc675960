from __future__ import annotations

import pytest

from desktop.app_seats import HostAnswer, HostLook, Seat, bytes_of, labelled


def seat(host: str, name: str, *, ours: bool = False) -> Seat:
    return Seat(host, name, name, "service", ours, "running")


def test_a_container_of_the_project_is_called_after_its_host_and_others_by_their_names() -> None:
    looks = [
        HostLook("web-1", HostAnswer.OK, (seat("web-1", "orders-7", ours=True), seat("web-1", "nginx"))),
        HostLook("web-2", HostAnswer.OK, (seat("web-2", "orders-7", ours=True), seat("web-2", "nginx"))),
    ]
    assert list(labelled(looks).values()) == ["web-1", "nginx", "web-2", "web-2/nginx"]


def test_while_two_releases_run_on_a_host_each_has_a_name_of_its_own() -> None:
    both = (seat("web-1", "orders-8", ours=True), seat("web-1", "orders-7", ours=True))
    assert list(labelled([HostLook("web-1", HostAnswer.OK, both)]).values()) == ["web-1", "web-1/orders-7"]


@pytest.mark.parametrize(
    ("memory", "size"),
    [("256m", 256 << 20), ("1.5g", 3 << 29), ("512MB", 512 << 20), ("1000", 1000), ("", 0), ("much", 0)],
)
def test_memory_limits_are_read_as_docker_reads_them(memory: str, size: int) -> None:
    assert bytes_of(memory) == size
