//go:build linux

package carry

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
)

type answer map[string]any

// Serve takes wishes as lines of JSON on its input, and answers each with a line, until the input ends.
func Serve(input io.Reader, output io.Writer) error {
	syscall.Umask(0o002)
	in := bufio.NewReaderSize(input, piece)
	say := json.NewEncoder(output)
	socket, err := engineSocket()
	if err != nil {
		return say.Encode(answer{"error": err.Error()})
	}
	if err := say.Encode(answer{"helper": runtime.GOARCH, "socket": socket}); err != nil {
		return err
	}
	for {
		text, err := line(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		said, err := granted(text, in)
		if errors.Is(err, errLinkEnded) {
			return nil
		}
		if err := say.Encode(said); err != nil {
			return err
		}
	}
}

// granted is the answer to one wish: what was asked for, or why not; the error is errLinkEnded only.
func granted(text []byte, in *bufio.Reader) (any, error) {
	var w wish
	err := json.Unmarshal(text, &w)
	if err == nil {
		err = w.check()
	}
	if err != nil { // what follows cannot be told from the next wish
		return nil, errors.Join(errLinkEnded, err)
	}
	var said any
	switch w.Do {
	case "have":
		said, err = have(&w)
	case "ship":
		said, err = ship(&w, in)
	default:
		err = refuse("only Python does this: " + w.Do)
	}
	if err == nil {
		return said, nil
	}
	if errors.Is(err, errLinkEnded) {
		return nil, err
	}
	var no refused
	if errors.As(err, &no) && no.byEngine {
		return answer{"error": no.said, "engine": true}, nil
	}
	return answer{"error": err.Error()}, nil
}

// have tells what is here to build upon: kept files, and the layers of this app's images.
func have(w *wish) (any, error) {
	images, err := imagesOf(w.Repositories)
	if err != nil {
		return nil, err
	}
	return answer{"kept": kept(w.Folder), "images": images}, nil
}

// Leave removes the program's own file and the folder that was made for it: it was put there for one conversation.
func Leave() {
	if mine, err := os.Executable(); err == nil {
		_ = os.Remove(mine)
		_ = os.Remove(mine[:len(mine)-len("/goferry-helper")])
	}
}
