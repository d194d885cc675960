// Package textx counts text.
package textx

import (
	"bufio"
	"io"
	"unicode"
)

// Counts is what a text consists of.
type Counts struct {
	Lines, Words, Bytes int
}

// Count reads to the end.
func Count(from io.Reader) (Counts, error) {
	var counts Counts
	inWord := false
	reader := bufio.NewReader(from)
	for {
		character, size, err := reader.ReadRune()
		if err == io.EOF {
			return counts, nil
		}
		if err != nil {
			return counts, err
		}
		counts.Bytes += size
		if character == '\n' {
			counts.Lines++
		}
		space := unicode.IsSpace(character)
		if !space && !inWord {
			counts.Words++
		}
		inWord = !space
	}
}
