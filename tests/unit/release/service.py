"""A small service as one executable file, whose behaviour comes from its environment."""

from __future__ import annotations

import sys
from pathlib import Path

SOURCE = """#!{python}
import http.server, os, sys, time
print("starting", os.environ.get("VERSION", "-"), flush=True)
if os.environ.get("BEHAVIOUR") == "exit":
    print("panic: no database", file=sys.stderr, flush=True)
    sys.exit(3)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        code = 503 if os.environ.get("BEHAVIOUR") == "sick" else 200
        self.send_response(code)
        self.end_headers()
        self.wfile.write((os.environ.get("VERSION", "-") + " " + os.environ.get("TOKEN", "")).encode())
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def write_service(path: Path) -> Path:
    path.write_text(SOURCE.replace("{python}", sys.executable), encoding="utf-8", newline="\n")
    path.chmod(0o755)
    return path
