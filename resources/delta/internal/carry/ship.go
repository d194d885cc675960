//go:build linux

package carry

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
)

const spare = 64 << 20

type wish struct {
	Do           string   `json:"do"`
	Folder       string   `json:"folder"`
	Repositories []string `json:"repositories"`
	Ref          string   `json:"ref"`
	Size         int64    `json:"size"`
	Patches      []patch  `json:"patches"`
	Parts        []stretch
	Stays        []string `json:"stays"`
}

type patch struct {
	Old  string `json:"old"`
	New  string `json:"new"`
	Size int64  `json:"size"`
}

// A stretch of the archive: "kept" (here, under the hash `name`), "file" (sent, and kept) or "raw" (sent).
type stretch struct {
	kind, name string
	size       int64
}

func (s *stretch) UnmarshalJSON(text []byte) error {
	words := []any{&s.kind, &s.name, &s.size}
	if err := json.Unmarshal(text, &words); err != nil {
		return err
	}
	if len(words) != 3 || s.size < 0 {
		return errors.New("a part of three words was expected")
	}
	return nil
}

func (w *wish) check() error {
	for _, patch := range w.Patches {
		if !isHash(patch.Old) || !isHash(patch.New) || patch.Size < 0 {
			return errors.New("a patch between files without a hash")
		}
	}
	for _, part := range w.Parts {
		if part.kind != "raw" && !isHash(part.name) {
			return errors.New("a file without a hash")
		}
	}
	return nil
}

type shipped struct {
	Said  string `json:"said"`
	Image *image `json:"image"`
}

// ship takes in what is sent to its end, whatever happens, so that the next wish is found behind it.
func ship(w *wish, in *bufio.Reader) (*shipped, error) {
	incoming := make([]*limited, 0, len(w.Patches))
	for _, patch := range w.Patches {
		incoming = append(incoming, &limited{in, patch.Size})
	}
	stream := &unpacked{packets: &packets{in: in}}
	done, err := rebuilt(w, incoming, stream)
	if err != nil && !errors.Is(err, errLinkEnded) {
		for _, patch := range incoming {
			if skipping := patch.skip(); skipping != nil {
				return nil, skipping
			}
		}
		if skipping := stream.skip(); skipping != nil {
			return nil, skipping
		}
	}
	return done, err
}

// rebuilt makes an archive of what is kept, what is made by patches and what arrives, and loads it. Then the image is
// asked for, and only the files that are still of use stay.
func rebuilt(w *wish, incoming []*limited, stream *unpacked) (*shipped, error) {
	keeps := ready(w.Folder) && free(w.Folder) > 3*w.Size+spare
	if len(w.Patches) > 0 && !keeps {
		return nil, refuse("nothing can be kept in " + w.Folder)
	}
	for i, patch := range w.Patches {
		if err := patched(w.Folder, patch, incoming[i]); err != nil {
			if errors.Is(err, errLinkEnded) {
				return nil, err
			}
			return nil, refuse("the patch: " + err.Error())
		}
	}
	here := kept(w.Folder)
	for _, part := range w.Parts {
		if size, is := here[part.name]; part.kind == "kept" && (!is || size != part.size) {
			return nil, refuse(part.name + " is not here")
		}
	}
	said, err := load(w, stream, keeps)
	if err != nil {
		return nil, err
	}
	found, err := imageOf(w.Ref)
	if err != nil {
		return nil, err
	}
	if keeps && found != nil {
		only(w.Folder, w.Stays)
	}
	return &shipped{said, found}, nil
}

func load(w *wish, stream *unpacked, keeps bool) (string, error) {
	r, err := begin("POST", "/images/load?quiet=1", w.Size, "application/x-tar", loadTime)
	if err != nil {
		return "", err
	}
	defer r.drop()
	for _, part := range w.Parts {
		if part.kind == "kept" {
			err = fromFile(filepath.Join(w.Folder, part.name), part.size, r)
		} else {
			var k *keeper
			if part.kind == "file" {
				k = newKeeper(w.Folder, part.name, keeps)
			}
			err = fromStream(stream, part.size, r, k)
		}
		if err != nil {
			return "", err
		}
	}
	if err := stream.finish(); err != nil {
		return "", err
	}
	_, body, err := r.answer()
	if err != nil {
		return "", err
	}
	return loaded(body)
}

func fromFile(path string, size int64, r *request) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	b := make([]byte, piece)
	for size > 0 {
		now := b[:min(size, piece)]
		if _, err := io.ReadFull(file, now); err != nil {
			return refuse(path + " is cut")
		}
		r.send(now)
		size -= int64(len(now))
	}
	return nil
}

func fromStream(stream *unpacked, size int64, r *request, k *keeper) error {
	b := make([]byte, piece)
	for size > 0 {
		now := b[:min(size, piece)]
		if err := stream.fill(now); err != nil {
			if k != nil {
				k.drop()
			}
			return err
		}
		r.send(now)
		if k != nil {
			k.write(now)
		}
		size -= int64(len(now))
	}
	if k != nil {
		return k.done()
	}
	return nil
}

func loaded(body []byte) (said string, err error) {
	for _, text := range bytes.Split(body, []byte("\n")) {
		var part struct{ Error, Stream string }
		if json.Unmarshal(text, &part) != nil {
			continue
		}
		if part.Error != "" {
			return "", refused{part.Error, true}
		}
		said += part.Stream
	}
	return said, nil
}
