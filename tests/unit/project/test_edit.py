"""Edits of goferry.yaml keep what a person wrote."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from desktop.project import ConfigError, edit_config, parse_config

TEXT = """\
# top
name: orders   # the app
main: ./cmd/app
port: 8080
build:   { targets: [linux/amd64], cgo: false, version: git }

# where it runs
environments:
  staging: { hosts: [stage-1], publish: 8080, env: { LOG_LEVEL: debug, A: 0123, B: 22:22, C: 1_000, E: 1e3, F: no } }
  # the real one
  prod:
    hosts:
      - web-1   # first
      - web-2
    mode: proxy  # no request is lost
"""


def changed_lines(before: str, after: str) -> list[str]:
    old = before.splitlines()
    return [line for line in after.splitlines() if line not in old]


def test_a_value_is_replaced_where_it_stands() -> None:
    after = edit_config(TEXT, {"environments.staging.publish": 9090})
    assert after == TEXT.replace("publish: 8080", "publish: 9090")


def test_a_new_key_leaves_every_other_line_as_it_was() -> None:
    after = edit_config(TEXT, {"environments.prod.publish": 80})
    assert changed_lines(TEXT, after) == ["    publish: 80"]
    assert parse_config(after).environments["prod"].publish == 80


def test_a_new_environment_is_added_at_the_end() -> None:
    after = edit_config(TEXT, {"environments.dev": {"mode": "direct"}})
    assert after.startswith(TEXT)
    assert list(parse_config(after).environments) == ["staging", "prod", "dev"]


def test_a_list_is_replaced_and_comments_stay() -> None:
    after = edit_config(TEXT, {"build.targets": ["linux/amd64", "linux/arm64"]})
    assert parse_config(after).build.targets == ("linux/amd64", "linux/arm64")
    assert all(
        comment in after for comment in ("# top", "# the app", "# where it runs", "# the real one", "# first")
    )


def test_a_key_is_taken_out() -> None:
    after = edit_config(TEXT, {"environments.prod.mode": None})
    assert parse_config(after).environments["prod"].mode == "direct"
    assert "# first" in after


def test_keys_with_dots_are_given_as_tuples() -> None:
    after = edit_config(TEXT, {("image", "labels", "org.example.a"): "x: y # z"})
    assert parse_config(after).image.labels == {"org.example.a": "x: y # z"}


def test_windows_line_ends_stay() -> None:
    after = edit_config(TEXT.replace("\n", "\r\n"), {"environments.prod.publish": 80, "port": 81})
    assert after.count("\n") == after.count("\r\n")


def test_an_edit_that_is_no_configuration_is_refused() -> None:
    with pytest.raises(ConfigError):
        edit_config(TEXT, {"port": 70_000})
    with pytest.raises(ConfigError):
        edit_config(TEXT, {"nonsense": 1})


@settings(max_examples=60, deadline=None)
@given(some.text(some.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30))
def test_any_text_comes_back_as_it_was_given(value: str) -> None:
    for path in (("environments", "staging", "env", "LOG_LEVEL"), ("environments", "prod", "env", "NEW")):
        env = parse_config(edit_config(TEXT, {path: value})).environments[path[1]].env
        assert env[path[3]] == value


@pytest.mark.parametrize(
    "value",
    ["no", "22:22", "0123", "1e3", "~", "null", "true", "", " a ", "a: b", "- a", "#a", "*a", "@", "@a"],
)
def test_words_that_yaml_would_change_are_quoted(value: str) -> None:
    after = edit_config(TEXT, {"environments.staging.env.LOG_LEVEL": value})
    assert parse_config(after).environments["staging"].env["LOG_LEVEL"] == value
