package front

import (
	"encoding/json"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

var texts = []string{
	`{"address":"release-3:8080","path":"/health?a=\"b\"\\","timeout":2.5}`, `[]`, `{}`, `null`, `[1,-2.5e3,0]`,
	` { "a" : [ true , false , null , "\u00e9\ud83d\ude00\n\/" ] } `, `"caf\u00e9 \ud800 x"`, `[[[[]]]]`,
	`[{"address":"a:1","weight":1},{"address":"b:2","weight":0}]`, `{"address":"中文","seconds":1}`,
}

func TestWhatIsReadIsWhatTheLibraryReads(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for turn := 0; turn < 20000; turn++ {
		text := []byte(texts[turn%len(texts)])
		for cuts := turn / len(texts) % 4; cuts > 0 && len(text) > 0; cuts-- {
			switch at := random.Intn(len(text)); random.Intn(3) {
			case 0:
				text = text[:at]
			case 1:
				text[at] = `{}[]",:\u0123e-. n`[random.Intn(18)]
			case 2:
				text = append(text[:at:at], text[at+1:]...)
			}
		}
		var wanted any
		library := json.Unmarshal(text, &wanted)
		found, err := parsed(text)
		// numbers as 01 or 1. are taken too; half a surrogate, and what is no UTF-8, the library mends
		plain := utf8.Valid(text) && !strings.Contains(string(text), `\u`)
		if library == nil && plain && (err != nil || !reflect.DeepEqual(found, wanted)) {
			t.Fatalf("%s: %v, %v", text, found, err)
		}
		if library != nil && err == nil && !strings.ContainsAny(string(text), "0123456789") {
			t.Fatalf("%s is taken: %v", text, found)
		}
	}
	for _, text := range texts {
		var wanted any
		if err := json.Unmarshal([]byte(text), &wanted); err != nil {
			t.Fatal(err)
		}
		if found, err := parsed([]byte(text)); err != nil || !reflect.DeepEqual(found, wanted) {
			t.Errorf("%s: %v, %v", text, found, err)
		}
	}
	if _, err := parsed([]byte(strings.Repeat("[", 1<<20))); err == nil {
		t.Error("a tower is taken")
	}
}

func TestWhatIsSaidIsReadByTheLibrary(t *testing.T) {
	said := Finding{Line: "HTTP/1.1 200 \"quoted\" \\ \x01 é 😀 \xff", Open: 1, Silent: 2.5, Lost: "x", Refused: "y", MS: 0.125}
	var found map[string]any
	if err := json.Unmarshal(said.appendTo(nil), &found); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]any{
		"line": "HTTP/1.1 200 \"quoted\" \\ \x01 é 😀 \ufffd", "open": 1.0, "silent": 2.5, "lost": "x", "refused": "y", "ms": 0.125,
	}
	if !reflect.DeepEqual(found, wanted) {
		t.Errorf("%v", found)
	}
	statuses := []Status{{Target{"a:1", 3}, 1 << 40, 5, 6}, {Target: Target{Address: "b:2"}}}
	var list []map[string]any
	if err := json.Unmarshal(appendList(nil, statuses), &list); err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	first := map[string]any{"address": "a:1", "weight": 3.0, "busy": float64(1 << 40), "requests": 5.0, "errors": 6.0}
	if !reflect.DeepEqual(list[0], first) {
		t.Errorf("%v", list[0])
	}
}

func TestAWishComesAsItWasMeant(t *testing.T) {
	question, targets, wait := Question{"a:1", "/héalth", 0.5}, Targets{{"a:1", 1}, {"b:2", 0}}, Wait{"a:1", 1.5}
	var q Question
	var to Targets
	var w Wait
	if err := q.take(question.appendTo(nil)); err != nil || q != question {
		t.Error(q, err)
	}
	if err := to.take(targets.appendTo(nil)); err != nil || !reflect.DeepEqual(to, targets) {
		t.Error(to, err)
	}
	if err := w.take(wait.appendTo(nil)); err != nil || w != wait {
		t.Error(w, err)
	}
	for _, text := range []string{`7`, `{"address":`, `[{"address":1}]`, `[{"weight":0.5}]`, `["x"]`, `[{"weight":1e99}]`} {
		if to.take([]byte(text)) == nil {
			t.Error(text)
		}
	}
	for _, text := range []string{`[]`, `{"address":1}`, `{"timeout":"1"}`, `{"seconds":"1"}`} {
		if q.take([]byte(text)) == nil && w.take([]byte(text)) == nil {
			t.Error(text)
		}
	}
}
