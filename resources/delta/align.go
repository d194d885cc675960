package delta

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

const (
	seed   = 16 // bytes that must be the same for a place of the old file to be looked at
	stride = 16 // every so many places of the old file are known by their seed
	window = 32 // bytes of the new file judged at a time
	look   = 96 // bytes over which two alignments are compared
	worth  = 12 // bytes that a new alignment must have more than the present one
)

// A span is bytes of the new file that go with the old file's bytes `off` further on.
type span struct{ n, off int }

type aligner struct {
	old, new []byte
	places   []int32 // by hash of a seed: its place in old, plus one
	shift    int
	recent   [8]int
}

func hash(b []byte) uint64 {
	x := binary.LittleEndian.Uint64(b)*0x9E3779B97F4A7C15 ^ binary.LittleEndian.Uint64(b[8:])*0xC2B2AE3D27D4EB4F
	return x * 0xD6E8FEB86659FD93
}

func newAligner(old, new []byte) *aligner {
	size := 12
	for 1<<size < len(old)/stride {
		size++
	}
	a := &aligner{old: old, new: new, places: make([]int32, 1<<size), shift: 64 - size}
	for p := 0; p+seed <= len(old); p += stride {
		if binary.LittleEndian.Uint64(old[p:]) != binary.LittleEndian.Uint64(old[p+8:]) {
			a.places[hash(old[p:])>>a.shift] = int32(p + 1)
		}
	}
	return a
}

// same counts the equal bytes of a and b; n is a multiple of 8.
func same(a, b []byte, n int) int {
	count := 0
	for k := 0; k < n; k += 8 {
		x := binary.LittleEndian.Uint64(a[k:]) ^ binary.LittleEndian.Uint64(b[k:])
		y := (x & 0x7f7f7f7f7f7f7f7f) + 0x7f7f7f7f7f7f7f7f // the top bit of each byte: any of the others is set
		count += bits.OnesCount64(^(y | x | 0x7f7f7f7f7f7f7f7f))
	}
	return count
}

func (a *aligner) score(i, off, n int) int {
	if i+off < 0 || i+n > len(a.new) || i+off+n > len(a.old) {
		return -1
	}
	return same(a.new[i:], a.old[i+off:], n)
}

func (a *aligner) equal(k, off int) int {
	if q := k + off; q >= 0 && q < len(a.old) && a.new[k] == a.old[q] {
		return 1
	}
	return 0
}

// align keeps an alignment as long as it is good enough, which keeps the differences few and the spans long.
func (a *aligner) align() []span {
	var spans []span
	off, start, i := 0, 0, 0
	for i+window <= len(a.new) {
		if a.score(i, off, window) >= window*5/8 {
			i += window
			continue
		}
		better := a.better(i, off)
		if better == off {
			i += window
			continue
		}
		cut := a.cut(max(start, i-window), min(i+window, len(a.new)), i, off, better)
		if cut > start {
			spans = append(spans, span{cut - start, off})
		}
		copy(a.recent[1:], a.recent[:])
		a.recent[0] = off
		start, off = cut, better
		i = max(i, cut)
	}
	return append(spans, span{len(a.new) - start, off})
}

// better finds the alignment that fits best from i on: one of the last few, else one that the seeds know.
func (a *aligner) better(i, off int) int {
	best, found := a.score(i, off, look)+worth, off
	for _, other := range a.recent {
		if score := a.score(i, other, look); score > best {
			best, found = score, other
		}
	}
	if found != off {
		return found
	}
	for j := i; j < i+window && j+seed <= len(a.new); j++ {
		p := int(a.places[hash(a.new[j:])>>a.shift]) - 1
		if p < 0 || p-j == off || !bytes.Equal(a.new[j:j+seed], a.old[p:p+seed]) {
			continue
		}
		if score := a.score(i, p-j, look); score > best {
			best, found = score, p-j
		}
	}
	return found
}

// cut is the place between lo and hi where changing from one alignment to the other leaves the fewest differences.
func (a *aligner) cut(lo, hi, i, off, better int) int {
	balance, best, cut := 0, -1<<30, i
	for k := lo; k < hi; k++ {
		if balance > best {
			best, cut = balance, k
		}
		balance += a.equal(k, off) - a.equal(k, better)
	}
	return cut
}
