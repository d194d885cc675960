package delta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const noLimit = MaxSize

// build makes what looks like a program: code with addresses, a table of numbers, text.
func build(seed int64, size int) []byte {
	random := rand.New(rand.NewSource(seed))
	out := make([]byte, 0, size)
	for len(out) < size/2 {
		code := make([]byte, 5+random.Intn(40))
		random.Read(code)
		out = binary.LittleEndian.AppendUint32(append(out, code...), uint32(random.Intn(1<<22)))
	}
	for at := uint32(0); len(out) < size-size/8; at += uint32(random.Intn(300)) {
		out = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, at), 7)
	}
	return append(out, strings.Repeat("what a log line says ", size/8/21)...)
}

// rebuild does to a program what an edit of its source does: some pieces move, and addresses grow by the same.
func rebuild(old []byte, seed int64) []byte {
	random := rand.New(rand.NewSource(seed))
	at := random.Intn(len(old))
	fresh := make([]byte, random.Intn(300))
	random.Read(fresh)
	out := append(append(append([]byte{}, old[:at]...), fresh...), old[at:]...)
	for k := random.Intn(60); k+4 <= len(out); k += 9 + random.Intn(200) {
		binary.LittleEndian.PutUint32(out[k:], binary.LittleEndian.Uint32(out[k:])+uint32(len(fresh)))
	}
	return out
}

func patched(old, patch []byte) ([]byte, error) {
	var out bytes.Buffer
	_, err := Decode(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), &out)
	return out.Bytes(), err
}

func TestWhatIsDecodedIsWhatWasEncoded(t *testing.T) {
	shapes := [][2][]byte{
		{nil, nil}, {nil, []byte("new")}, {[]byte("old"), nil}, {[]byte("a"), []byte("b")},
		{build(1, 5<<20), rebuild(build(1, 5<<20), 2)}, // longer than what is in memory at a time
		{bytes.Repeat([]byte{7}, 4<<20), bytes.Repeat([]byte{7}, 4<<20+3)},
		{build(1, 9000), build(2, 9000)},
	}
	for seed := int64(0); seed < 40; seed++ {
		old := build(seed, 200+int(seed)*977)
		shapes = append(shapes, [2][]byte{old, rebuild(old, seed)})
		shapes = append(shapes, [2][]byte{old, rebuild(rebuild(old, seed), seed+1)})
		shapes = append(shapes, [2][]byte{old, old[:len(old)-int(seed)]}, [2][]byte{old[seed:], old})
	}
	for i, shape := range shapes {
		patch, err := Encode(shape[0], shape[1], noLimit)
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		got, err := patched(shape[0], patch)
		if err != nil || !bytes.Equal(got, shape[1]) {
			t.Fatalf("%d: %d bytes came out as %d: %v", i, len(shape[1]), len(got), err)
		}
	}
}

func TestTheSameFilesGiveTheSamePatch(t *testing.T) {
	old := build(3, 100_000)
	first, _ := Encode(old, rebuild(old, 4), noLimit)
	for n := 0; n < 5; n++ {
		if again, _ := Encode(old, rebuild(old, 4), noLimit); !bytes.Equal(first, again) {
			t.Fatal("another patch")
		}
	}
}

func TestAnEditIsAFewBytesForEachPlaceItMoves(t *testing.T) {
	old := build(5, 1<<20)
	patch, err := Encode(old, rebuild(old, 6), noLimit)
	if err != nil || len(patch) > 16<<10 { // about 10,000 places
		t.Fatalf("%d bytes: %v", len(patch), err)
	}
}

func TestOtherFilesAreNotWorthAPatch(t *testing.T) {
	for _, size := range []int{4000, 4 << 20} {
		noise := make([]byte, size)
		rand.New(rand.NewSource(9)).Read(noise)
		if _, err := Encode(build(7, size), noise, int64(size/3)); !errors.Is(err, ErrNotWorth) {
			t.Fatalf("%d: %v", size, err)
		}
	}
}

func TestThePatchIsReadAndNotAByteMore(t *testing.T) {
	old := build(8, 20_000)
	new := rebuild(old, 9)
	patch, _ := Encode(old, new, noLimit)
	stream := bytes.NewReader(append(append([]byte{}, patch...), "the next"...))
	if _, err := Decode(bytes.NewReader(old), int64(len(old)), stream, io.Discard); err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(stream); string(rest) != "the next" {
		t.Fatalf("left: %q", rest)
	}
}

func TestAnotherOldFileIsToldFromABadPatch(t *testing.T) {
	old := build(10, 20_000)
	patch, _ := Encode(old, rebuild(old, 11), noLimit)
	other := append([]byte{}, old...)
	other[5000] ^= 1
	if _, err := patched(other, patch); !errors.Is(err, ErrOld) {
		t.Fatal(err)
	}
	if _, err := patched(old[1:], patch); !errors.Is(err, ErrOld) {
		t.Fatal(err)
	}
	for length := 0; length < len(patch); length += 1 + len(patch)/300 {
		if _, err := patched(old, patch[:length]); !errors.Is(err, ErrPatch) {
			t.Fatalf("cut to %d: %v", length, err)
		}
	}
}

func TestNoFileStaysWhenDecodingFails(t *testing.T) {
	folder := t.TempDir()
	old := build(12, 20_000)
	patch, _ := Encode(old, rebuild(old, 13), noLimit)
	place := filepath.Join(folder, "old")
	if err := os.WriteFile(place, old, 0o600); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(folder, "new")
	if _, err := DecodeFile(place, target, bytes.NewReader(patch[:len(patch)-1]), 0o755); !errors.Is(err, ErrPatch) {
		t.Fatal(err)
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if _, err := DecodeFile(place, place, bytes.NewReader(patch), 0o755); !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	if is, _ := os.ReadFile(place); !bytes.Equal(is, old) {
		t.Fatal("the old file was touched")
	}
}

// A bounded writer fails the test when more than the new file comes out.
type bounded struct {
	t    *testing.T
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		b.t.Error("more came out than the header says")
	}
	return len(p), nil
}

func FuzzDecode(f *testing.F) {
	old := build(14, 6000)
	for seed := int64(0); seed < 4; seed++ {
		patch, _ := Encode(old, rebuild(old, seed), noLimit)
		f.Add(patch)
		random := rand.New(rand.NewSource(seed))
		for n := 0; n < 150; n++ {
			bad := append([]byte{}, patch...)
			for k := 0; k <= random.Intn(3); k++ {
				bad[random.Intn(len(bad))] ^= byte(1 << random.Intn(8))
			}
			f.Add(bad)
		}
	}
	f.Fuzz(func(t *testing.T, patch []byte) {
		out := &bounded{t, 0}
		if h, err := ReadHeader(bytes.NewReader(patch)); err == nil {
			out.left = h.NewSize
		}
		_, err := Decode(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), out)
		if err != nil && !errors.Is(err, ErrPatch) && !errors.Is(err, ErrOld) && !errors.Is(err, ErrResult) {
			t.Fatalf("an error without its kind: %v", err)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	for seed := int64(0); seed < 8; seed++ {
		f.Add(build(seed, 900), rebuild(build(seed, 900), seed))
	}
	f.Fuzz(func(t *testing.T, old, new []byte) {
		patch, err := Encode(old, new, noLimit)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := patched(old, patch); err != nil || !bytes.Equal(got, new) {
			t.Fatal("another file came out", err)
		}
	})
}
