"""Two releases side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from desktop.image import Image, Layer
from desktop.release import Release
from desktop.ui.pages.deploy.compare import Held, comparison, first_pair

OLD = Release("17-1f3a", 17, "orders", "orders:1.8.0", "sha256:aa", "1.8.0", 8080, 80, env=(("LOG", "info"),))
NEW = replace(
    OLD, id="18-77aa", sequence=18, image_ref="orders:1.9.0", image_digest="sha256:bb", version="1.9.0"
)


def image(ref: str, *layers: tuple[str, int]) -> Image:
    made = tuple(Layer(name, name, size, name, Path()) for name, size in layers)
    return Image(ref, "", "", sum(size for _, size in layers), made, "linux/amd64", Path())


def test_image_commit_layers_and_configuration_are_told_apart() -> None:
    held = {
        OLD.id: Held(image(OLD.image_ref, ("certificates", 1_000_000), ("/app/orders", 5_000_000)), "4f2a"),
        NEW.id: Held(
            image(NEW.image_ref, ("certificates", 1_000_000), ("/app/orders new", 5_500_000)), "9c0d"
        ),
    }
    assert comparison(OLD, replace(NEW, env=(("LOG", "debug"),)), held).splitlines() == [
        "# Image", "- orders:1.8.0", "+ orders:1.9.0", "- sha256:aa", "+ sha256:bb", "- 6.0 MB", "+ 6.5 MB",
        "",
        "# Commit", "- 4f2a", "+ 9c0d",
        "",
        "# Layers", "- /app/orders, 5.0 MB", "  certificates, 1.0 MB", "+ /app/orders new, 5.5 MB",
        "",
        "# Configuration", "- env.LOG: info", "+ env.LOG: debug",
    ]  # fmt: skip


def test_what_this_computer_does_not_know_is_said() -> None:
    text = comparison(OLD, NEW, {})
    assert text.count("not known on this computer") == 2
    assert text.endswith("# Configuration\n  the same")


def test_the_chosen_one_is_compared_with_what_serves_the_older_first() -> None:
    releases = (NEW, OLD, replace(OLD, id="16-0000", sequence=16))
    assert first_pair(releases, "17-1f3a") == ("17-1f3a", "18-77aa")
    assert first_pair(releases, "17-1f3a", "16-0000") == ("16-0000", "17-1f3a")
    assert first_pair(releases, "17-1f3a", "17-1f3a") == ("16-0000", "17-1f3a")
