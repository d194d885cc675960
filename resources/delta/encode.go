package delta

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"sort"
	"sync"
)

// packing is deflate's level: 9 takes as long as everything else for three bytes in a hundred.
const packing = 7

// Encode makes the patch that turns old into new. ErrNotWorth when it would not be smaller than limit bytes.
func Encode(old, new []byte, limit int64) ([]byte, error) {
	if len(old) > MaxEncode || len(new) > MaxEncode {
		return nil, ErrTooBig
	}
	header := &Header{OldSize: int64(len(old)), NewSize: int64(len(new))}
	var sums sync.WaitGroup
	sums.Add(1)
	go func() {
		defer sums.Done()
		header.Old = sha256.Sum256(old)
		header.New = sha256.Sum256(new)
	}()
	packed, err := pack(header, plain(old, new), limit)
	sums.Wait()
	if err != nil {
		return nil, err
	}
	out := header.bytes()
	for _, stream := range packed {
		out = append(out, stream...)
	}
	return out, nil
}

// plain are the streams before they are packed.
func plain(old, new []byte) [streams][]byte {
	var out [streams][]byte
	seen := newSurvey(old, new, newAligner(old, new).align())
	seen.run()
	holes := seen.holes()
	out[pieces], out[extra] = writePieces(new, seen.spans, holes)
	writeSites(&out, new, uncovered(seen.sites, holes))
	return out
}

// uncovered leaves out the sites that a hole covers: those that began before it and reach in were taken care of.
func uncovered(sites []site, holes []hole) []site {
	kept := sites[:0]
	for _, s := range sites {
		for len(holes) > 0 && holes[0].to <= s.at {
			holes = holes[1:]
		}
		if len(holes) == 0 || s.at < holes[0].from {
			kept = append(kept, s)
		}
	}
	return kept
}

func writePieces(new []byte, spans []span, holes []hole) (ctl, rest []byte) {
	pos, last := 0, 0
	copied, off, added := 0, 0, 0
	flush := func() {
		if copied+added > 0 {
			ctl = binary.AppendUvarint(ctl, uint64(copied))
			ctl = binary.AppendVarint(ctl, int64(off-last))
			ctl = binary.AppendUvarint(ctl, uint64(added))
			last = off
		}
		copied, added = 0, 0
	}
	for _, s := range spans {
		for end := pos + s.n; pos < end; {
			for len(holes) > 0 && holes[0].to <= pos {
				holes = holes[1:]
			}
			if len(holes) > 0 && holes[0].from <= pos {
				to := min(end, holes[0].to)
				rest = append(rest, new[pos:to]...)
				added += to - pos
				pos = to
				continue
			}
			to := end
			if len(holes) > 0 {
				to = min(end, holes[0].from)
			}
			if added > 0 || s.off != off {
				flush()
			}
			off = s.off
			copied += to - pos
			pos = to
		}
	}
	flush()
	return ctl, rest
}

// common gives the most frequent growths their line of the table, the most frequent first.
func common(sites []site) map[uint32]byte {
	counts := map[uint32]int{}
	for _, s := range sites {
		counts[s.grew]++
	}
	all := make([]uint32, 0, len(counts))
	for grew, count := range counts {
		if count > 1 {
			all = append(all, grew)
		}
	}
	sort.Slice(all, func(i, j int) bool {
		if counts[all[i]] != counts[all[j]] {
			return counts[all[i]] > counts[all[j]]
		}
		return all[i] < all[j]
	})
	lines := map[uint32]byte{}
	for i := 0; i < len(all) && i < literalMark; i++ {
		lines[all[i]] = byte(i)
	}
	return lines
}

func writeSites(out *[streams][]byte, new []byte, sites []site) {
	lines := common(sites)
	out[table] = make([]byte, 4*len(lines))
	for grew, line := range lines {
		binary.LittleEndian.PutUint32(out[table][4*int(line):], grew)
	}
	out[gaps], out[marks] = make([]byte, 0, len(sites)), make([]byte, 0, len(sites))
	last, lastGrew, lastLine := 0, uint32(0), byte(literalMark)
	for _, s := range sites {
		gap := s.at - last
		last = s.at + 4
		if gap >= wideGap {
			out[wide] = binary.AppendUvarint(out[wide], uint64(gap-wideGap))
			gap = wideGap
		}
		out[gaps] = append(out[gaps], byte(gap))
		if s.grew != lastGrew || lastLine == literalMark {
			line, known := lines[s.grew]
			if !known {
				line = literalMark
			}
			lastGrew, lastLine = s.grew, line
		}
		out[marks] = append(out[marks], lastLine)
		if lastLine == literalMark {
			var four [4]byte
			copy(four[:], new[s.at:min(s.at+4, len(new))])
			out[literal] = append(out[literal], four[:]...)
		}
	}
}

// pack deflates the streams, two at a time, and fills in their lengths.
func pack(header *Header, raw [streams][]byte, limit int64) ([streams][]byte, error) {
	var out [streams][]byte
	if hopeless(raw, limit) {
		return out, ErrNotWorth
	}
	var work sync.WaitGroup
	for i := range raw {
		work.Add(1)
		go func(i int) {
			defer work.Done()
			out[i] = deflated(raw[i])
		}(i)
	}
	work.Wait()
	header.Size = packedAt
	for i := range raw {
		header.raw[i], header.packed[i] = int64(len(raw[i])), int64(len(out[i]))
		header.Size += header.packed[i]
	}
	if header.Size >= limit {
		return out, ErrNotWorth
	}
	return out, nil
}

// hopeless tells early, from a sample, that the extra bytes alone are more than the limit.
func hopeless(raw [streams][]byte, limit int64) bool {
	const sample = 1 << 18
	whole := int64(len(raw[extra]))
	if whole < 8*sample {
		return false
	}
	var packed int64
	for at := int64(0); at < 4; at++ {
		from := at * (whole - sample) / 3
		packed += int64(len(deflated(raw[extra][from : from+sample])))
	}
	return packed*(whole/(4*sample))*3/4 > limit
}

func deflated(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	var out bytes.Buffer
	writer, _ := flate.NewWriter(&out, packing) // the level is a valid one
	_, _ = writer.Write(b)                      // a buffer takes everything
	_ = writer.Close()
	return out.Bytes()
}
