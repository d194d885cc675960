"""Sets Goferry up in an environment of its own and starts it, or runs its tests.

    python3 installer/bootstrap.py run [ARGS...]     goferry ARGS; without any: the window
    python3 installer/bootstrap.py test [ARGS...]    every check and test; ARGS go to pytest
    python3 installer/bootstrap.py bench [NAME...]   the measurements, or one of them
    python3 installer/bootstrap.py hooks             the checks before each commit of this clone

Standard library only, on Windows and Linux, with Python 3.11 or newer.
"""
# An older Python must be able to read this file to say so: nothing here that Python 2.7 cannot parse.

import os
import sys

if sys.version_info < (3, 11):
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info >= (3,) and os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh"):
        sentences = (
            "Goferry \u9700\u8981 Python 3.11 \u6216\u66f4\u65b0\u7248\u672c\uff0c\u5f53\u524d\u662f {0}\uff08{1}\uff09\u3002\n"
            "\u8bf7\u5b89\u88c5\u65b0\u7248 Python\uff0c\u518d\u7528\u5b83\u8fd0\u884c\u540c\u4e00\u547d\u4ee4\uff1apython3.11 installer/bootstrap.py run\n"
        )
    else:
        sentences = (
            "Goferry needs Python 3.11 or newer; this is {0} ({1}).\n"
            "Install a newer Python (https://www.python.org/downloads/, or your system's package python3.11),\n"
            "then run the same command with it: python3.11 installer/bootstrap.py run\n"
        )
    try:
        sys.stderr.write(sentences.format(found, sys.executable))
    except UnicodeError:  # a console that knows no Chinese
        sys.stderr.write("Goferry needs Python 3.11 or newer; this is {0}.\n".format(found))
    sys.exit(1)

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from installer.verbs import main  # only a new enough Python gets this far

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
