"""Print where a Windows path leads, with %APPDATA% and the like filled in: path.py TEXT."""

import os
import sys

print(os.path.abspath(os.path.expandvars(sys.argv[1])).replace("\\", "/"))
