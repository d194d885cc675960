package front

import (
	"errors"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// As much JSON as the control socket speaks. encoding/json would be a tenth of the program, which travels to each new
// server before its app does.

var errJSON = errors.New("that is no JSON of this kind")

// Wish is what may be asked of a front, as JSON.
type Wish interface{ appendTo(out []byte) []byte }

// Targets are what a wish for other routes names.
type Targets []Target

const deepest = 16

// reader takes one value from the beginning of its text.
type reader struct {
	text []byte
	at   int
}

// parsed gives nil, bool, float64, string, []any or map[string]any.
func parsed(text []byte) (any, error) {
	r := &reader{text: text}
	value, ok := r.value(0)
	if r.space(); !ok || r.at != len(text) {
		return nil, errJSON
	}
	return value, nil
}

func (r *reader) space() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\n' || r.text[r.at] == '\r' || r.text[r.at] == '\t') {
		r.at++
	}
}

func (r *reader) next(c byte) bool {
	if r.space(); r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) word(word string) bool {
	if end := r.at + len(word); end <= len(r.text) && string(r.text[r.at:end]) == word {
		r.at = end
		return true
	}
	return false
}

func (r *reader) value(depth int) (any, bool) {
	if depth > deepest {
		return nil, false
	}
	switch {
	case r.next('{'):
		return r.object(depth)
	case r.next('['):
		return r.list(depth)
	case r.next('"'):
		return r.rest()
	case r.word("null"):
		return nil, true
	case r.word("true"):
		return true, true
	case r.word("false"):
		return false, true
	}
	return r.number()
}

func (r *reader) object(depth int) (any, bool) {
	found := map[string]any{}
	for more := !r.next('}'); more; more = !r.next('}') {
		if len(found) > 0 && !r.next(',') {
			return nil, false
		}
		if !r.next('"') {
			return nil, false
		}
		name, ok := r.rest()
		if !ok || !r.next(':') {
			return nil, false
		}
		if found[name], ok = r.value(depth + 1); !ok {
			return nil, false
		}
	}
	return found, true
}

func (r *reader) list(depth int) (any, bool) {
	found := []any{}
	for more := !r.next(']'); more; more = !r.next(']') {
		if len(found) > 0 && !r.next(',') {
			return nil, false
		}
		one, ok := r.value(depth + 1)
		if !ok {
			return nil, false
		}
		found = append(found, one)
	}
	return found, true
}

func (r *reader) number() (any, bool) {
	from := r.at
	for r.at < len(r.text) && (r.text[r.at] >= '0' && r.text[r.at] <= '9' || r.text[r.at] == '-' || r.text[r.at] == '+' ||
		r.text[r.at] == '.' || r.text[r.at] == 'e' || r.text[r.at] == 'E') {
		r.at++
	}
	value, err := strconv.ParseFloat(string(r.text[from:r.at]), 64)
	return value, err == nil
}

// rest is of a string, behind its first mark.
func (r *reader) rest() (string, bool) {
	var out []byte
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return string(out), utf8.Valid(out)
		case c < ' ':
			return "", false
		case c != '\\':
			out = append(out, c)
		default:
			char, ok := r.escaped()
			if !ok {
				return "", false
			}
			out = utf8.AppendRune(out, char)
		}
	}
	return "", false
}

func (r *reader) escaped() (rune, bool) {
	if r.at == len(r.text) {
		return 0, false
	}
	c := r.text[r.at]
	r.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		first, ok := r.unit()
		if !ok || !utf16.IsSurrogate(first) {
			return first, ok
		}
		if !r.word(`\u`) {
			return utf8.RuneError, true
		}
		second, ok := r.unit()
		return utf16.DecodeRune(first, second), ok
	}
	return 0, false
}

func (r *reader) unit() (rune, bool) {
	if r.at+4 > len(r.text) {
		return 0, false
	}
	value, err := strconv.ParseUint(string(r.text[r.at:r.at+4]), 16, 16)
	r.at += 4
	return rune(value), err == nil
}

// ---------------------------------------------------------------- what is asked for

// fields are an object's; `bad` when one of them was of another kind than it was taken for.
type fields struct {
	of  map[string]any
	bad bool
}

func object(text []byte) (*fields, error) {
	value, err := parsed(text)
	of, ok := value.(map[string]any)
	if err != nil || !ok {
		return nil, errJSON
	}
	return &fields{of: of}, nil
}

func (f *fields) text(name string) string {
	value, ok := f.of[name].(string)
	f.bad = f.bad || !ok && f.of[name] != nil
	return value
}

func (f *fields) number(name string) float64 {
	value, ok := f.of[name].(float64)
	f.bad = f.bad || !ok && f.of[name] != nil
	return value
}

func (f *fields) checked() error {
	if f.bad {
		return errJSON
	}
	return nil
}

// take reads the value in `text` in its place.
func (t *Targets) take(text []byte) error {
	value, err := parsed(text)
	list, ok := value.([]any)
	if err != nil || !ok && value != nil {
		return errJSON
	}
	*t = nil
	for _, one := range list {
		of, ok := one.(map[string]any)
		f := &fields{of: of, bad: !ok}
		weight := f.number("weight")
		f.bad = f.bad || weight != math.Trunc(weight) || math.Abs(weight) > 1<<30
		*t = append(*t, Target{f.text("address"), int(weight)})
		if err := f.checked(); err != nil {
			return err
		}
	}
	return nil
}

func (q *Question) take(text []byte) error {
	f, err := object(text)
	if err == nil {
		*q = Question{f.text("address"), f.text("path"), f.number("timeout")}
		err = f.checked()
	}
	return err
}

func (w *Wait) take(text []byte) error {
	f, err := object(text)
	if err == nil {
		*w = Wait{f.text("address"), f.number("seconds")}
		err = f.checked()
	}
	return err
}

// ---------------------------------------------------------------- what is said

func (t Target) appendTo(out []byte) []byte {
	out = appendText(append(out, `{"address":`...), t.Address)
	return append(appendNumber(append(out, `,"weight":`...), float64(t.Weight)), '}')
}

func (t Targets) appendTo(out []byte) []byte { return appendList(out, t) }

func (s Status) appendTo(out []byte) []byte {
	out = s.Target.appendTo(out)
	out = appendNumber(append(out[:len(out)-1], `,"busy":`...), float64(s.Busy))
	out = appendNumber(append(out, `,"requests":`...), float64(s.Requests))
	return append(appendNumber(append(out, `,"errors":`...), float64(s.Errors)), '}')
}

func (q Question) appendTo(out []byte) []byte {
	out = appendText(append(out, `{"address":`...), q.Address)
	out = appendText(append(out, `,"path":`...), q.Path)
	return append(appendNumber(append(out, `,"timeout":`...), q.Timeout), '}')
}

func (w Wait) appendTo(out []byte) []byte {
	out = appendText(append(out, `{"address":`...), w.Address)
	return append(appendNumber(append(out, `,"seconds":`...), w.Seconds), '}')
}

func (f Finding) appendTo(out []byte) []byte {
	out = append(out, '{')
	for _, said := range []struct{ name, text string }{{"line", f.Line}, {"lost", f.Lost}, {"refused", f.Refused}} {
		if said.text != "" {
			out = append(appendText(append(appendText(out, said.name), ':'), said.text), ',')
		}
	}
	if f.Open != 0 {
		out = append(appendNumber(append(out, `"open":`...), float64(f.Open)), ',')
	}
	if f.Silent != 0 {
		out = append(appendNumber(append(out, `"silent":`...), f.Silent), ',')
	}
	return append(appendNumber(append(out, `"ms":`...), f.MS), '}')
}

func appendList[T Wish](out []byte, list []T) []byte {
	out = append(out, '[')
	for i, one := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = one.appendTo(out)
	}
	return append(out, ']')
}

func appendNumber(out []byte, value float64) []byte {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		value = 0 // JSON has no such number
	}
	return strconv.AppendFloat(out, value, 'f', -1, 64)
}

// appendText writes in plain ASCII, whatever the bytes of the text are.
func appendText(out []byte, text string) []byte {
	const digits = "0123456789abcdef"
	unit := func(u uint16) {
		out = append(out, '\\', 'u', digits[u>>12], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	out = append(out, '"')
	for _, char := range text {
		switch {
		case char == '"' || char == '\\':
			out = append(out, '\\', byte(char))
		case char >= ' ' && char < utf8.RuneSelf:
			out = append(out, byte(char))
		default:
			for _, u := range utf16.Encode([]rune{char}) {
				unit(u)
			}
		}
	}
	return append(out, '"')
}
