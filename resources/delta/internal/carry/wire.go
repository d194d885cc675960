//go:build linux

// Package carry makes an image on a server out of files that are kept there, patches and what is sent, and gives it to
// the engine beside it: what resources/porter does with "have" and "ship", for servers that have no Python.
package carry

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
)

const (
	piece       = 1 << 18
	longestLine = 1 << 22
)

var errLinkEnded = errors.New("nobody speaks to us any more")

// refused says why something cannot be done here; byEngine: those are the engine's words.
type refused struct {
	said     string
	byEngine bool
}

func (r refused) Error() string { return r.said }

func refuse(said string) error { return refused{said: said} }

// line gives the next wish; io.EOF when there are no more.
func line(in *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		part, err := in.ReadSlice('\n')
		whole = append(whole, part...)
		switch {
		case err == nil:
			return whole, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, io.EOF
		case len(whole) > longestLine:
			return nil, errors.New("a wish without an end")
		}
	}
}

// limited is the next `left` bytes of the input.
type limited struct {
	in   io.Reader
	left int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n, err := l.in.Read(b[:min(int64(len(b)), l.left)])
	l.left -= int64(n)
	if n == 0 && err != nil {
		return 0, errLinkEnded
	}
	return n, nil
}

func (l *limited) skip() error {
	_, err := io.Copy(io.Discard, l)
	return err
}

// packets are bytes behind their lengths; one of no length ends them.
type packets struct {
	in   io.Reader
	left int64
	over bool
}

func (p *packets) Read(b []byte) (int, error) {
	for p.left == 0 {
		if p.over {
			return 0, io.EOF
		}
		var head [4]byte
		if _, err := io.ReadFull(p.in, head[:]); err != nil {
			return 0, errLinkEnded
		}
		p.left = int64(binary.BigEndian.Uint32(head[:]))
		p.over = p.left == 0
	}
	n, err := p.in.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	if n == 0 && err != nil {
		return 0, errLinkEnded
	}
	return n, nil
}

func (p *packets) skip() error {
	_, err := io.Copy(io.Discard, p)
	return err
}

// unpacked is the content of a zlib stream that comes in packets.
type unpacked struct {
	*packets
	inside io.ReadCloser
}

func (u *unpacked) fill(b []byte) error {
	if u.inside == nil {
		inside, err := zlib.NewReader(u.packets)
		if err != nil {
			return unreadable(err)
		}
		u.inside = inside
	}
	_, err := io.ReadFull(u.inside, b)
	return unreadable(err)
}

// finish takes in what is left, which must be nothing but the end.
func (u *unpacked) finish() error {
	var one [1]byte
	switch err := u.fill(one[:]); {
	case err == nil:
		return refuse("the stream is too long")
	case errors.Is(err, errLinkEnded), !errors.Is(err, errEarly):
		return err
	}
	var rest bytes.Buffer
	if _, err := io.CopyN(&rest, u.packets, 1); err == nil {
		return refuse("the stream is too long")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

var errEarly = refused{said: "the stream ended early"}

func unreadable(err error) error {
	switch {
	case err == nil, errors.Is(err, errLinkEnded):
		return err
	case errors.Is(err, io.EOF):
		return errEarly
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("the stream is cut")
	}
	return refuse("the stream: " + err.Error())
}
