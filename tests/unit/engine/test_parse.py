"""From the engine's JSON and log lines to values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.engine import LogChunk, Port, parse, split_ref
from desktop.engine.streams import LogWish


@pytest.mark.parametrize(
    ("stamp", "nanoseconds"),
    [
        (b"2026-11-24T18:06:01.929629742Z", 1795543561929629742),
        (b"2026-11-24T18:06:01Z", 1795543561000000000),
        (b"2026-11-25T02:06:01.5+08:00", 1795543561500000000),
        (b"0001-01-01T00:00:00Z", 0),
        (b"", 0),
        (b"not a time", 0),
    ],
)
def test_times_are_read_to_the_nanosecond(stamp: bytes, nanoseconds: int) -> None:
    assert parse.nanoseconds(stamp) == nanoseconds


def frame(stream: int, data: bytes) -> bytes:
    return bytes((stream, 0, 0, 0)) + len(data).to_bytes(4, "big") + data


T1, T2 = b"2026-11-24T18:06:01.000000001Z", b"2026-11-24T18:06:01.000000002Z"
AT = 1795543561000000000


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_lines_are_the_same_however_the_bytes_are_cut(cuts: list[int]) -> None:
    data = (
        frame(1, T1 + b" one\n")
        + frame(2, T2 + b" err\r\n")
        + frame(1, T1 + b" long")
        + frame(1, T2 + b" er\n")
    )
    reader, lines, position = parse.FrameReader(), [], 0
    for cut in cuts:
        lines += reader.feed(data[position : position + cut])
        position += cut
    lines += reader.feed(data[position:]) + reader.finish()
    assert lines == [
        LogChunk("out", AT + 1, b"one"), LogChunk("err", AT + 2, b"err"), LogChunk("out", AT + 1, b"longer"),
    ]  # fmt: skip


def test_a_last_line_without_an_end_is_kept() -> None:
    reader = parse.FrameReader()
    assert reader.feed(frame(1, T1 + b" bye")) == []
    assert reader.finish() == [LogChunk("out", AT + 1, b"bye")]


def test_a_line_without_a_time_is_kept_whole() -> None:
    assert parse.log_line("err", b"Error response from daemon") == LogChunk(
        "err", 0, b"Error response from daemon"
    )


def test_a_container_tells_its_state() -> None:
    found = parse.container(
        {
            "Id": "abc", "Name": "/orders-7", "Image": "sha256:1", "RestartCount": 2, "Created": T1.decode(),
            "State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True, "StartedAt": T1.decode(),
                      "FinishedAt": "0001-01-01T00:00:00Z", "Health": {"Status": "none"}, "Error": "oops"},
            "Config": {"Image": "orders:7", "Labels": {"io.goferry.app": "orders"}},
            "NetworkSettings": {"Ports": {"8080/tcp": None}, "Networks": {"bridge": {"IPAddress": ""}}},
            "HostConfig": {"PortBindings": {"8080/tcp": [{"HostIp": "", "HostPort": "80"}]}},
        }
    )  # fmt: skip
    assert (found.name, found.image, found.state, found.exit_code) == ("orders-7", "orders:7", "exited", 137)
    assert (found.health, found.restarts, found.oom_killed, found.error, found.finished) == (
        "",
        2,
        True,
        "oops",
        0,
    )
    assert found.ports == (Port(8080, 80, "0.0.0.0"),)
    assert not found.running


def test_memory_is_without_the_file_cache_and_cpu_of_one_processor() -> None:
    sample = {
        "read": T1.decode(),
        "cpu_stats": {"cpu_usage": {"total_usage": 300}, "system_cpu_usage": 2000, "online_cpus": 4},
        "precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 1000},
        "memory_stats": {"usage": 1000, "limit": 5000, "stats": {"inactive_file": 400}},
        "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 6}}, "pids_stats": {"current": 3},
    }  # fmt: skip
    found = parse.stats(sample)
    assert found.cpu_percent == pytest.approx(80.0)
    assert (found.memory, found.memory_limit, found.received, found.sent, found.processes) == (
        600,
        5000,
        5,
        6,
        3,
    )
    assert parse.stats(sample, (200, 1500)).cpu_percent == pytest.approx(80.0)
    assert parse.stats({}).cpu_percent == 0


def test_a_containerd_store_is_told_apart() -> None:
    image = {
        "Id": "sha256:m",
        "RootFS": {"Layers": ["sha256:l"]},
        "RepoTags": ["a:1"],
        "Architecture": "arm64",
    }
    classic, containerd = parse.engine_image(image), parse.engine_image(image, "containerd")
    assert (classic.config_digest, classic.digest) == ("sha256:m", "")
    assert (containerd.config_digest, containerd.digest) == ("", "sha256:m")
    info = {
        "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
        "SecurityOptions": ["name=rootless"],
    }
    version = parse.engine_version({"Version": "29.0.0", "ApiVersion": "1.52"}, info)
    assert (version.store, version.rootless) == ("containerd", True)


def test_loaded_references_are_read() -> None:
    assert parse.loaded_refs("Loaded image: a:1\nLoaded image ID: sha256:ab\nLoaded image: a:1\n") == (
        "a:1",
        "sha256:ab",
    )


@pytest.mark.parametrize(
    ("ref", "parts"),
    [
        ("orders:7", ("orders", "7")),
        ("orders", ("orders", "latest")),
        ("reg.example.com:5000/team/orders", ("reg.example.com:5000/team/orders", "latest")),
        ("reg.example.com:5000/team/orders:7", ("reg.example.com:5000/team/orders", "7")),
    ],
)
def test_a_registrys_port_is_no_tag(ref: str, parts: tuple[str, str]) -> None:
    assert split_ref(ref) == parts


def test_the_command_for_logs_names_times_as_docker_takes_them() -> None:
    wish = LogWish("abc", True, 1795543561.5, 10)
    assert wish.command().argv == (
        "docker", "logs", "--timestamps", "--follow", "--since", "1795543561.500000000", "--tail", "10", "abc",
    )  # fmt: skip
