"""`python -m desktop`: no argument: the window. A subcommand: headless."""

import sys

from desktop.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
