package delta

import (
	"fmt"
	"io"
	"os"
)

// DecodeFile makes the file newPath, which must not exist; it is removed again when anything fails.
func DecodeFile(oldPath, newPath string, patch io.Reader, mode os.FileMode) (h *Header, err error) {
	old, err := os.Open(oldPath)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOld, err)
	}
	defer old.Close()
	about, err := old.Stat()
	if err != nil {
		return nil, err
	}
	if !about.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: it is no file", ErrOld)
	}
	out, err := os.OpenFile(newPath, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := out.Close(); err == nil {
			err = closing
		}
		if err != nil {
			_ = os.Remove(newPath)
		}
	}()
	return Decode(old, about.Size(), patch, out)
}

// Exit codes of the programs that use this package.
const (
	Done = iota
	_
	Usage
	OtherOld
	BadPatch
	BadResult
	Refused
	NotWorth
)
