package delta

import (
	"encoding/binary"
	"math/bits"
)

// A site is four bytes of the new file that differ from what the old file has there.
type site struct {
	at   int
	grew uint32 // the new number less the old one
}

// A hole is bytes of the new file that have nothing to do with the old ones.
type hole struct{ from, to int }

const (
	moved    = 1 << 20 // numbers that grew by less are taken for addresses that moved
	holeGap  = 16      // bytes between two sites of one hole, at most
	holeSize = 48      // bytes from which a hole is worth its entry
)

// survey finds the places where new differs from the spans' idea of it.
type survey struct {
	old, new []byte
	spans    []span
	starts   []int
	sites    []site
	outside  []hole // where a span reaches out of the old file
}

func newSurvey(old, new []byte, spans []span) *survey {
	s := &survey{old: old, new: new, spans: spans, starts: make([]int, len(spans))}
	pos := 0
	for i, span := range spans {
		s.starts[i] = pos
		pos += span.n
	}
	return s
}

func (s *survey) run() {
	next := 0 // where the last site ended
	for i, span := range s.spans {
		start := s.starts[i]
		end := start + span.n
		lo, hi := max(start, -span.off), min(end, len(s.old)-span.off)
		if lo >= hi {
			s.outside = append(s.outside, hole{start, end})
			continue
		}
		if lo > start {
			s.outside = append(s.outside, hole{start, lo})
		}
		next = s.walk(i, max(lo, next), hi, span.off)
		if hi < end {
			s.outside = append(s.outside, hole{hi, end})
		}
	}
}

// walk notes the sites that begin in new[from:to], and returns where the last one ends.
func (s *survey) walk(span, from, to, off int) int {
	k := from
	for k < to {
		if k+8 <= to {
			differ := binary.LittleEndian.Uint64(s.new[k:]) ^ binary.LittleEndian.Uint64(s.old[k+off:])
			if differ == 0 {
				k += 8
				continue
			}
			k += bits.TrailingZeros64(differ) / 8
		} else if s.new[k] == s.old[k+off] {
			k++
			continue
		}
		if k+4 <= to {
			grew := binary.LittleEndian.Uint32(s.new[k:]) - binary.LittleEndian.Uint32(s.old[k+off:])
			s.sites = append(s.sites, site{k, grew})
		} else {
			s.sites = append(s.sites, s.atSeam(span, k))
		}
		k += 4
	}
	return k
}

// atSeam is the site at k, whose bytes belong to more than one span, or lie past the end.
func (s *survey) atSeam(span, k int) site {
	var is, was [4]byte
	for j := range is {
		if k+j >= len(s.new) {
			break
		}
		for k+j >= s.starts[span]+s.spans[span].n {
			span++
		}
		is[j] = s.new[k+j]
		if q := k + j + s.spans[span].off; q >= 0 && q < len(s.old) {
			was[j] = s.old[q]
		} else {
			was[j] = is[j] // it will be an extra byte
		}
	}
	return site{k, binary.LittleEndian.Uint32(is[:]) - binary.LittleEndian.Uint32(was[:])}
}

// holes are where the sites stand close together and none of them is an address that moved; those sites go.
func (s *survey) holes() []hole {
	var found []hole
	kept := s.sites[:0]
	for i := 0; i < len(s.sites); {
		end := i
		for end < len(s.sites) && !s.sites[end].isMoved() && (end == i || s.sites[end].at-s.sites[end-1].at <= holeGap) {
			end++
		}
		if end > i && s.sites[end-1].at+4-s.sites[i].at >= holeSize {
			found = append(found, hole{s.sites[i].at, min(s.sites[end-1].at+4, len(s.new))})
			i = end
			continue
		}
		end = max(end, i+1)
		kept = append(kept, s.sites[i:end]...)
		i = end
	}
	s.sites = kept
	return joined(found, s.outside)
}

func (s site) isMoved() bool {
	return int32(s.grew) < moved && int32(s.grew) > -moved
}

// joined merges two sorted lists of holes into one in which none touches another.
func joined(a, b []hole) []hole {
	var all []hole
	for len(a)+len(b) > 0 {
		var next hole
		if len(b) == 0 || (len(a) > 0 && a[0].from <= b[0].from) {
			next, a = a[0], a[1:]
		} else {
			next, b = b[0], b[1:]
		}
		if last := len(all) - 1; last >= 0 && next.from <= all[last].to {
			all[last].to = max(all[last].to, next.to)
		} else if next.from < next.to {
			all = append(all, next)
		}
	}
	return all
}
