// Package delta makes and applies patches between two builds of one program: "gd2" files.
//
// A build after a one-line edit is the old one with a few pieces moved, and with the same few numbers added to
// thousands of addresses and table entries. So a patch says which pieces of the old file stand where (copies), what is
// new (extra bytes), and at which places 32-bit numbers grew by how much (sites).
//
// The file, all numbers little-endian:
//
//	"gd2\n" | u64 length of the whole patch | u64 old size | u64 new size | SHA-256 of new | SHA-256 of old
//	| u32 raw and u32 packed length of each stream | the streams, each raw deflate
//
// The streams:
//
//	pieces  varints: bytes to copy, zigzag of what the distance to the old place grows by, extra bytes that follow
//	extra   the extra bytes
//	gaps    a byte for each site: bytes from the end of the site before it; 255: see wide
//	wide    varints: what gaps of 255 and more have beyond 255
//	marks   a byte for each site: a line of the table; 255: see literal
//	table   up to 255 numbers of 32 bits: what is added
//	literal four bytes for each site marked 255: what stands there
//
// A site covers four bytes; the last one may reach over the end, where zeros are thought of.
//
// Three quarters of a patch are the gaps in the code. To look for the addresses in the code instead, so that only the
// unexpected ones have to be named, was turned down: Python's re takes 0.2 to 0.4 s for 16 MB of code, and what it
// would spare, 80 KB, takes 0.03 s at 20 Mbit/s. bzip2 and two-byte gaps made the streams no smaller than deflate.
package delta

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	magic      = "gd2\n"
	headerSize = 4 + 8 + 8 + 8 + 32 + 32
	streams    = 7
	tableAt    = headerSize
	packedAt   = headerSize + 8*streams

	wideGap     = 255
	literalMark = 255

	// MaxSize is the largest file that a patch may tell of.
	MaxSize = 1 << 30
	// MaxEncode is the largest file that is encoded: both are in memory.
	MaxEncode = 256 << 20
)

const (
	pieces = iota
	extra
	gaps
	wide
	marks
	table
	literal
)

// Kinds of failure; Reason tells which one an error is.
var (
	ErrOld      = errors.New("the old file is another one")
	ErrPatch    = errors.New("the patch is malformed")
	ErrResult   = errors.New("the result is not what was meant")
	ErrNotWorth = errors.New("the patch is not smaller")
	ErrTooBig   = errors.New("the file is too big")
)

func malformed(format string, values ...any) error {
	return fmt.Errorf("%w: %s", ErrPatch, fmt.Sprintf(format, values...))
}

// Header is what stands before the streams.
type Header struct {
	Size, OldSize, NewSize int64
	New, Old               [32]byte
	raw, packed            [streams]int64
}

func (h *Header) bytes() []byte {
	out := make([]byte, 0, packedAt)
	out = append(out, magic...)
	for _, size := range []int64{h.Size, h.OldSize, h.NewSize} {
		out = binary.LittleEndian.AppendUint64(out, uint64(size))
	}
	out = append(out, h.New[:]...)
	out = append(out, h.Old[:]...)
	for i := range h.raw {
		out = binary.LittleEndian.AppendUint32(out, uint32(h.raw[i]))
		out = binary.LittleEndian.AppendUint32(out, uint32(h.packed[i]))
	}
	return out
}

// ParseHeader reads it, and checks every length against the others, so that nothing later can ask for more than is due.
func ParseHeader(b []byte) (*Header, error) {
	if len(b) < packedAt || string(b[:4]) != magic {
		return nil, malformed("it does not begin as one")
	}
	h := &Header{}
	for i, size := range []*int64{&h.Size, &h.OldSize, &h.NewSize} {
		value := binary.LittleEndian.Uint64(b[4+8*i:])
		if value > MaxSize {
			return nil, malformed("a size of %d", value)
		}
		*size = int64(value)
	}
	copy(h.New[:], b[28:60])
	copy(h.Old[:], b[60:92])
	total := int64(packedAt)
	for i := range h.raw {
		h.raw[i] = int64(binary.LittleEndian.Uint32(b[tableAt+8*i:]))
		h.packed[i] = int64(binary.LittleEndian.Uint32(b[tableAt+8*i+4:]))
		total += h.packed[i]
		if h.packed[i] > h.raw[i]+h.raw[i]/256+64 {
			return nil, malformed("a stream that packing made longer")
		}
	}
	if total != h.Size {
		return nil, malformed("its parts are %d bytes, not %d", total, h.Size)
	}
	return h, h.checkStreams()
}

func (h *Header) checkStreams() error {
	sites := h.raw[marks]
	switch {
	case h.raw[extra] > h.NewSize, sites > h.NewSize/4+1:
		return malformed("more than the new file holds")
	case h.raw[gaps] != sites:
		return malformed("%d gaps for %d sites", h.raw[gaps], sites)
	case h.raw[wide] > 5*sites, h.raw[literal] > 4*sites, h.raw[literal]%4 != 0:
		return malformed("more numbers than sites")
	case h.raw[table] > 4*literalMark, h.raw[table]%4 != 0:
		return malformed("a table of %d bytes", h.raw[table])
	case h.raw[pieces] > 15*(h.NewSize+1):
		return malformed("more pieces than the new file has bytes")
	}
	return nil
}
