// Package command is what Goferry's Go programs share: subcommands, exit codes, one line about what went wrong.
package command

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"goferry/delta"
)

// ErrUsage is returned by a subcommand whose words make no sense.
var ErrUsage = errors.New("usage: see the head of main.go")

// A Table gives each subcommand its function.
type Table map[string]func(args []string) error

// Run runs args[0] of the table and returns the exit code: see delta.Done and the others.
func Run(args []string, table Table) int {
	if len(args) == 0 || table[args[0]] == nil {
		return tell(ErrUsage)
	}
	return tell(table[args[0]](args[1:]))
}

func tell(err error) int {
	if err == nil {
		return delta.Done
	}
	fmt.Fprintln(os.Stderr, "goferry-delta:", strings.ReplaceAll(err.Error(), "\n", "; "))
	codes := []struct {
		err  error
		code int
	}{
		{ErrUsage, delta.Usage}, {delta.ErrOld, delta.OtherOld}, {delta.ErrPatch, delta.BadPatch},
		{delta.ErrResult, delta.BadResult}, {delta.ErrNotWorth, delta.NotWorth},
	}
	for _, known := range codes {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return delta.Refused
}

// Decode is the subcommand: OLD NEW [PATCH], the patch from the standard input when it is left out or "-".
func Decode(args []string) error {
	if len(args) != 2 && len(args) != 3 {
		return ErrUsage
	}
	var patch io.Reader = os.Stdin
	if len(args) == 3 && args[2] != "-" {
		file, err := os.Open(args[2])
		if err != nil {
			return err
		}
		defer file.Close()
		patch = file
	}
	h, err := delta.DecodeFile(args[0], args[1], patch, 0o755)
	if err != nil {
		return err
	}
	_, err = fmt.Println(hex.EncodeToString(h.New[:]), h.NewSize)
	return err
}
