"""A port for a program that a test starts later."""

from __future__ import annotations

import itertools
import random
import socket

# below what systems give to whoever asks for any port: nobody gets it by chance before the program is there
_PLACES = random.Random().sample(range(22_000, 32_000), 10_000)
_NEXT = itertools.cycle(_PLACES)


def free_port() -> int:
    """One that nothing listens on, and that this process has given to nobody else."""
    for port in itertools.islice(_NEXT, len(_PLACES)):
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port is taken")
