from __future__ import annotations

import sys

from tests.lab.machine.cli import main

sys.exit(main(sys.argv[1:]))
