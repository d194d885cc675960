"""What the makers of other programs say about theirs, as read on 28 November 2026. What nobody says is not guessed."""

from __future__ import annotations

NOT = "not published"
COLUMNS = ("installer", "unpacked", "cold start", "idle memory")
BESIDE: dict[str, dict[str, tuple[str, str]]] = {
    "Docker Desktop": {
        "installer": ("409 MB (2.3, 2020)", "https://github.com/docker/roadmap/issues/4"),
        "idle memory": (
            "needs a computer with 4 GB",
            "https://docs.docker.com/desktop/setup/install/windows-install/",
        ),
    },
    "Podman Desktop": {
        "idle memory": (
            "6 GB for its machine",
            "https://podman-desktop.io/docs/installation/windows-install",
        ),
    },
    "Portainer": {
        "idle memory": (
            "about 100 MB on the server",
            "https://github.com/portainer/portainer/issues/5406",
        ),
    },
}
"""Program → column → what is said, and where."""
