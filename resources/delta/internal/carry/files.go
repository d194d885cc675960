//go:build linux

package carry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"goferry/delta"
)

// Files that are kept by their hash.

func isHash(name string) bool {
	if len(name) != 64 {
		return false
	}
	for _, c := range name {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func kept(folder string) map[string]int64 {
	found := map[string]int64{}
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if about, err := entry.Info(); err == nil && isHash(entry.Name()) && about.Mode().IsRegular() {
			found[entry.Name()] = about.Size()
		}
	}
	return found
}

func free(folder string) int64 {
	var about syscall.Statfs_t
	for syscall.Statfs(folder, &about) != nil {
		if folder == filepath.Dir(folder) {
			return 0
		}
		folder = filepath.Dir(folder)
	}
	return int64(about.Bavail) * int64(about.Frsize)
}

// ready makes the folder, without what an earlier run left half-written; whether files can be kept there.
func ready(folder string) bool {
	if err := os.Mkdir(folder, 0o775); err == nil {
		_ = os.Chmod(folder, 0o775|os.ModeSetgid)
	} else if !os.IsExist(err) {
		return false
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if !isHash(entry.Name()) && os.Remove(filepath.Join(folder, entry.Name())) != nil {
			return false
		}
	}
	return syscall.Access(folder, 2|1) == nil // W_OK and X_OK
}

func only(folder string, wanted []string) {
	stays := map[string]bool{}
	for _, name := range wanted {
		stays[name] = true
	}
	for name := range kept(folder) {
		if !stays[name] {
			_ = os.Remove(filepath.Join(folder, name))
		}
	}
}

func part(folder string) string {
	return filepath.Join(folder, fmt.Sprintf("part-%d", os.Getpid()))
}

func patched(folder string, wish patch, stream io.Reader) error {
	at := part(folder)
	h, err := delta.DecodeFile(filepath.Join(folder, wish.Old), at, stream, 0o664)
	if err != nil {
		return err
	}
	if hex.EncodeToString(h.New[:]) != wish.New {
		_ = os.Remove(at)
		return refuse("the patch gives another file")
	}
	return os.Rename(at, filepath.Join(folder, wish.New))
}

// A keeper takes the bytes of a file and files it under its hash; without a file nothing is kept.
type keeper struct {
	name, at, final string
	file            *os.File
	sum             hash.Hash
}

func newKeeper(folder, name string, keeps bool) *keeper {
	k := &keeper{name: name, at: part(folder), final: filepath.Join(folder, name), sum: sha256.New()}
	if keeps {
		k.file, _ = os.OpenFile(k.at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o664)
	}
	return k
}

func (k *keeper) write(b []byte) {
	_, _ = k.sum.Write(b) // a hash takes everything
	if k.file != nil {
		if _, err := k.file.Write(b); err != nil {
			k.drop()
		}
	}
}

func (k *keeper) drop() {
	if k.file != nil {
		_ = k.file.Close()
		_ = os.Remove(k.at)
		k.file = nil
	}
}

func (k *keeper) done() error {
	if hex.EncodeToString(k.sum.Sum(nil)) != k.name {
		k.drop()
		return refuse("what arrived has another hash")
	}
	if k.file != nil {
		if k.file.Close() != nil || os.Rename(k.at, k.final) != nil {
			_ = os.Remove(k.at)
		}
		k.file = nil
	}
	return nil
}
