package textx

import (
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	for text, want := range map[string]Counts{
		"":           {0, 0, 0},
		"one":        {0, 1, 3},
		"one two\n":  {1, 2, 8},
		" 你好 \n\n x": {2, 2, 12},
	} {
		if got, err := Count(strings.NewReader(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}
