package delta

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const chunk = 1 << 20 // bytes of the new file in memory at a time

// ReadHeader reads and checks what stands before the streams.
func ReadHeader(r io.Reader) (*Header, error) {
	b := make([]byte, packedAt)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, cut(err)
	}
	return ParseHeader(b)
}

// Decode writes the new file to out and gives its SHA-256. It reads the patch's own bytes and not one more; out may
// have got a part of it, or all of it, when an error tells that it is not what was meant.
func Decode(old io.ReaderAt, oldSize int64, patch io.Reader, out io.Writer) (*Header, error) {
	h, err := ReadHeader(patch)
	if err != nil {
		return nil, err
	}
	if oldSize != h.OldSize {
		return nil, fmt.Errorf("%w: it has %d bytes, not %d", ErrOld, oldSize, h.OldSize)
	}
	d := &decoder{h: h, old: old, out: out, sum: sha256.New()}
	if err := d.open(patch); err != nil {
		return nil, err
	}
	if err := d.run(); err != nil {
		return nil, err
	}
	if !bytes.Equal(d.sum.Sum(nil), h.New[:]) {
		return nil, d.blame()
	}
	return h, nil
}

type decoder struct {
	h   *Header
	old io.ReaderAt
	out io.Writer
	sum interface {
		io.Writer
		Sum([]byte) []byte
	}
	stream [streams]*stream
	grew   []uint32

	buffer []byte // assembled, not yet written
	base   int64  // where the buffer begins in the new file
	copy   int64  // bytes left of the present copy
	add    int64  // bytes left of the present extra
	off    int64
}

// A stream counts what it gives, so that neither more nor less than the header says is taken.
type stream struct {
	*bufio.Reader
	left int64
}

func (s *stream) ReadByte() (byte, error) {
	if s.left == 0 {
		return 0, malformed("a stream is too short")
	}
	s.left--
	b, err := s.Reader.ReadByte()
	return b, cut(err)
}

func (s *stream) fill(b []byte) error {
	if s.left < int64(len(b)) {
		return malformed("a stream is too short")
	}
	s.left -= int64(len(b))
	_, err := io.ReadFull(s.Reader, b)
	return cut(err)
}

func (s *stream) number() (int64, error) {
	value, err := binary.ReadUvarint(s)
	if err != nil || value > 1<<40 {
		return 0, malformed("a number")
	}
	return int64(value), nil
}

func cut(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return malformed("it ends too early")
	case errors.As(err, &corrupt):
		return malformed("a stream cannot be unpacked")
	}
	return err
}

func (d *decoder) open(patch io.Reader) error {
	for i := range d.stream {
		packed, err := io.ReadAll(io.LimitReader(patch, d.h.packed[i])) // grows with what comes, not with what is said
		if err != nil {
			return err
		}
		if int64(len(packed)) != d.h.packed[i] {
			return cut(io.ErrUnexpectedEOF)
		}
		d.stream[i] = &stream{bufio.NewReaderSize(flate.NewReader(bytes.NewReader(packed)), 32<<10), d.h.raw[i]}
	}
	lines := make([]byte, d.h.raw[table])
	if err := d.stream[table].fill(lines); err != nil {
		return err
	}
	for i := 0; i < len(lines); i += 4 {
		d.grew = append(d.grew, binary.LittleEndian.Uint32(lines[i:]))
	}
	return nil
}

func (d *decoder) run() error {
	at := int64(0) // where the next site is
	for left := d.stream[gaps].left; left > 0; left-- {
		gap, err := d.gap()
		if err != nil {
			return err
		}
		at += gap
		if at >= d.h.NewSize {
			return malformed("a site past the end")
		}
		if err := d.reach(at + 4); err != nil {
			return err
		}
		if err := d.change(d.buffer[at-d.base:][:4]); err != nil {
			return err
		}
		at += 4
	}
	if err := d.reach(d.h.NewSize); err != nil {
		return err
	}
	if err := d.write(d.buffer[:d.h.NewSize-d.base]); err != nil {
		return err
	}
	for _, s := range d.stream {
		if s.left != 0 {
			return malformed("something is left over")
		}
	}
	return nil
}

func (d *decoder) gap() (int64, error) {
	short, err := d.stream[gaps].ReadByte()
	if err != nil || short != wideGap {
		return int64(short), err
	}
	more, err := d.stream[wide].number()
	return wideGap + more, err
}

func (d *decoder) change(four []byte) error {
	mark, err := d.stream[marks].ReadByte()
	if err != nil {
		return err
	}
	if mark == literalMark {
		return d.stream[literal].fill(four)
	}
	if int(mark) >= len(d.grew) {
		return malformed("a mark without its line")
	}
	binary.LittleEndian.PutUint32(four, binary.LittleEndian.Uint32(four)+d.grew[mark])
	return nil
}

// reach assembles until the buffer holds everything before `to`; what no site can touch any more is written.
func (d *decoder) reach(to int64) error {
	for d.base+int64(len(d.buffer)) < to {
		if done := to - 4 - d.base; done >= chunk {
			done = min(done, int64(len(d.buffer)))
			if err := d.write(d.buffer[:done]); err != nil {
				return err
			}
			d.buffer = append(d.buffer[:0], d.buffer[done:]...)
			d.base += done
		}
		if err := d.assemble(); err != nil {
			return err
		}
	}
	return nil
}

// assemble adds the next bytes to the buffer: of a copy, of the extra stream, or, past the end, zeros.
func (d *decoder) assemble() error {
	end := d.base + int64(len(d.buffer))
	if d.copy == 0 && d.add == 0 {
		if end >= d.h.NewSize {
			d.buffer = append(d.buffer, 0, 0, 0, 0)
			return nil
		}
		if err := d.piece(end); err != nil {
			return err
		}
	}
	if d.copy > 0 {
		n := min(d.copy, chunk)
		d.copy -= n
		fresh := d.grow(n)
		if _, err := d.old.ReadAt(fresh, end+d.off); err != nil {
			return err
		}
		return nil
	}
	n := min(d.add, chunk)
	d.add -= n
	return d.stream[extra].fill(d.grow(n))
}

func (d *decoder) grow(n int64) []byte {
	have := len(d.buffer)
	d.buffer = append(d.buffer, make([]byte, n)...)
	return d.buffer[have:]
}

func (d *decoder) piece(end int64) error {
	s := d.stream[pieces]
	copied, err := s.number()
	if err != nil {
		return err
	}
	off, err := binary.ReadVarint(s)
	if err != nil {
		return malformed("a number")
	}
	added, err := s.number()
	if err != nil {
		return err
	}
	if off < -2*MaxSize || off > 2*MaxSize {
		return malformed("a number")
	}
	d.off += off
	from := end + d.off
	switch {
	case d.off < -MaxSize, d.off > MaxSize, copied+added == 0, copied+added > d.h.NewSize-end:
		return malformed("a piece of %d bytes", copied+added)
	case copied > 0 && (from < 0 || from+copied > d.h.OldSize):
		return malformed("a piece from outside the old file")
	}
	d.copy, d.add = copied, added
	return nil
}

func (d *decoder) write(b []byte) error {
	_, _ = d.sum.Write(b) // a hash takes everything
	_, err := d.out.Write(b)
	return err
}

// blame tells a wrong old file from a wrong patch.
func (d *decoder) blame() error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(d.old, 0, d.h.OldSize)); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), d.h.Old[:]) {
		return ErrOld
	}
	return ErrResult
}
