// Package logx makes the program's logger: JSON lines, which every log viewer can read.
package logx

import (
	"io"
	"log/slog"
)

// New gives a logger that writes to out what is at least as urgent as level.
func New(out io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}))
}
