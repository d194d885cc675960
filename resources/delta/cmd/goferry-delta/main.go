// goferry-delta makes patches on the desktop.
//
//	goferry-delta encode OLD NEW PATCH LIMIT   writes PATCH, unless it would have LIMIT bytes or more (exit code 7)
//	goferry-delta decode OLD NEW [PATCH]       as goferry-helper does
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"goferry/delta"
	"goferry/delta/internal/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:], command.Table{"encode": encode, "decode": command.Decode}))
}

func encode(args []string) error {
	if len(args) != 4 {
		return command.ErrUsage
	}
	limit, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil {
		return command.ErrUsage
	}
	// two files, a table and a patch: the collector would only look at them again and again
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)
	started := time.Now()
	old, new, err := both(args[0], args[1])
	if err != nil {
		return err
	}
	patch, err := delta.Encode(old, new, limit)
	if err != nil {
		return err
	}
	if err := write(args[2], patch); err != nil {
		return err
	}
	h, err := delta.ParseHeader(patch)
	if err != nil {
		return err
	}
	// as one line: size of the patch, SHA-256 and size of the new file, SHA-256 of the old one, seconds
	_, err = fmt.Println(h.Size, hex.EncodeToString(h.New[:]), h.NewSize, hex.EncodeToString(h.Old[:]),
		time.Since(started).Seconds())
	return err
}

// both reads the two files at the same time.
func both(oldPath, newPath string) (old, new []byte, err error) {
	done := make(chan error, 1)
	go func() {
		var reading error
		old, reading = read(oldPath)
		done <- reading
	}()
	new, err = read(newPath)
	return old, new, errors.Join(<-done, err)
}

func read(path string) ([]byte, error) {
	about, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if about.Size() > delta.MaxEncode {
		return nil, fmt.Errorf("%w: %s", delta.ErrTooBig, path)
	}
	return os.ReadFile(path)
}

func write(path string, patch []byte) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = out.Write(patch); err == nil {
		err = out.Close()
	} else {
		_ = out.Close()
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}
