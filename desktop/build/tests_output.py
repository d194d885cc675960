"""`go test -json`, read line by line: what to show, how many tests passed, and where one failed."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import PurePosixPath

from .problems import TEST_PLACE

LONGEST_STORY = 400
"""Lines of one test's output that are kept for the case that it fails."""


class TestOutput:
    """Feed it lines; it gives back the lines worth showing. Only failed tests tell their whole story."""

    __test__ = False

    def __init__(self) -> None:
        self.passed = 0
        self.failed: list[str] = []
        self.places: list[tuple[str, str, int, str]] = []
        """(package, file name, line, text) of what failed tests said."""
        self._stories: dict[tuple[str, str], list[str]] = defaultdict(list)

    def feed(self, line: str) -> list[str]:
        """Lines for a person. What is not JSON (build errors) comes back as it is."""
        try:
            event = json.loads(line)
            action, package = str(event["Action"]), str(event.get("Package") or event.get("ImportPath") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            return [line] if line.strip() else []
        test, output = str(event.get("Test") or ""), str(event.get("Output") or "").rstrip("\n")
        if action == "build-output" or (action == "output" and not test):
            return [output] if output.strip() and output not in ("PASS", "FAIL") else []
        if action == "output":
            story = self._stories[package, test]
            if len(story) < LONGEST_STORY and not output.startswith(("=== ",)):
                story.append(output)
            return []
        return self._ended(action, package, test)

    def _ended(self, action: str, package: str, test: str) -> list[str]:
        if not test:
            return []
        story = self._stories.pop((package, test), [])
        if action == "pass":
            self.passed += 1
        if action != "fail":
            return []
        self.failed.append(f"{package}.{test}")
        for line in story:
            if match := TEST_PLACE.match(line):
                self.places.append((package, match["file"], int(match["line"]), match["text"].strip()))
        return story

    def place_of(self, package: str, module: str, file: str) -> str:
        """The file as seen from the module's folder, told from the package's path."""
        inside = package.removeprefix(module).lstrip("/")
        return str(PurePosixPath(inside) / file)
