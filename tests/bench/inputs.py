"""What is measured with: a small and a big Go program that need no network to build, and five edits of one line each.

The small one is a service of net/http. The big one is Go's own compiler, which begins to serve when it is asked to;
it is built in Go's tree through an overlay, so nothing is copied or changed there.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from desktop.build import Toolchain

SERVICE = """
func handler(w http.ResponseWriter, r *http.Request) {
	EDITED
	fmt.Fprintf(w, "hello %s\\n", r.URL.Path)
}

func health(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "VERSION") }

func serve() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", handler)
	mux.HandleFunc("/health", health)
	address := ":8080"
	if port := os.Getenv("PORT"); port != "" {
		address = ":" + port
	}
	log.Fatal(http.ListenAndServe(address, mux))
}
"""
HELLO = f'package main\n\nimport ("fmt"; "log"; "net/http"; "os")\n{SERVICE}\nfunc main() {{ serve() }}\n'
LIBRARY = [
    "archive/tar", "archive/zip", "compress/bzip2", "compress/lzw", "crypto/dsa", "crypto/ecdh",
    "database/sql", "debug/dwarf", "debug/macho", "debug/pe", "debug/plan9obj", "encoding/asn1",
    "encoding/csv", "encoding/gob", "encoding/xml", "expvar", "go/doc", "go/importer", "go/printer",
    "go/types", "hash/crc64", "html/template", "image/gif", "image/jpeg", "image/png", "index/suffixarray",
    "log/slog", "math/big", "math/cmplx", "mime/multipart", "net/http/cgi", "net/http/cookiejar",
    "net/http/fcgi", "net/http/httputil", "net/http/pprof", "net/mail", "net/rpc/jsonrpc", "net/smtp",
    "os/signal", "os/user", "regexp", "runtime/trace", "testing/fstest", "testing/quick", "text/scanner",
    "text/tabwriter", "text/template",
]  # fmt: skip
"""What makes the compiler as big as a real daemon."""

HEADER = 'w.Header().Set("X-App", "hello")'
PRINT = 'fmt.Println("request for", r.URL.Path, r.Method)'
LONGER = PRINT.replace("request", "request that was made")
SECOND = 'w.Header().Set("X-Request", "yes")'
REFUSE = 'if r.Method == "TRACE" { w.WriteHeader(405); return }'
EDITS = (
    ("first", HEADER),
    ("print", f"{PRINT}; {HEADER}"),
    ("header", f"{PRINT}; {HEADER}; {SECOND}"),
    ("longer string", f"{LONGER}; {HEADER}; {SECOND}"),
    ("if", f"{REFUSE}; {LONGER}; {HEADER}; {SECOND}"),
    ("same length", f"{REFUSE}; {LONGER.replace('made', 'sent')}; {HEADER}; {SECOND}"),
)
"""(name, what stands in the handler), each an edit of the one before it."""


@dataclass(frozen=True, slots=True)
class Input:
    """A program in a folder of its own."""

    name: str
    folder: Path
    go: Toolchain

    def write(self, edit: int, version: str = "v1") -> None:
        """Puts the source with this edit there; `version` is what /health answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        service = SERVICE.replace("EDITED", EDITS[edit][1]).replace("VERSION", version)
        if self.name == "hello":
            (self.folder / "go.mod").write_text("module example.com/hello\n\ngo 1.21\n", encoding="utf-8")
            text = HELLO.replace(SERVICE, service)
        else:
            text = self._compiler(service)
            overlay = {"Replace": {str(self._place()): str(self.folder / "main.go")}}
            (self.folder / "overlay.json").write_text(json.dumps(overlay), encoding="utf-8")
        (self.folder / "main.go").write_text(text, encoding="utf-8")

    def _place(self) -> Path:
        return self.go.goroot / "src" / "cmd" / "compile" / "main.go"

    def _compiler(self, service: str) -> str:
        text = self._place().read_text(encoding="utf-8")
        head, imports, rest = text.partition("import (")
        more = "".join(f'\n\t_ "{name}"' for name in LIBRARY)
        start = "func main() {\n\tif len(os.Args) == 1 {\n\t\tserve()\n\t}"
        return f'{head}{imports}\n\t"net/http"{more}{rest}'.replace("func main() {", start, 1) + service

    def build(self, output: Path, arch: str = "amd64") -> Path:
        """`go build` as Goferry does it, for Linux. The first one compiles much, the others link."""
        words = [
            str(self.go.path),
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags=-s -w",
            "-o",
            str(output),
        ]
        words += ["."] if self.name == "hello" else ["-overlay", "overlay.json", "cmd/compile"]
        env = {
            **os.environ,
            "GOOS": "linux",
            "GOARCH": arch,
            "CGO_ENABLED": "0",
            "GOFLAGS": " ",
            "GOTOOLCHAIN": "local",
        }
        subprocess.run(words, cwd=self.folder, env=env, check=True)
        return output
