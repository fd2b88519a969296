package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/durable"
	"multiscale/pkg/durable/durabletest"
)

func small(i int) Snapshot {
	return Snapshot{
		Bytes:   map[string][]byte{"meta": fmt.Appendf(nil, `{"iteration":%d}`, i), "empty": {}},
		Vectors: map[string][]float32{"weights": {float32(i), -0.5, float32(math.Inf(1))}, "none": {}},
	}
}

func encode(t testing.TB, s Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	large := Snapshot{Vectors: map[string][]float32{"v": make([]float32, 100_001)}} // beyond one buffer
	for i := range large.Vectors["v"] {
		large.Vectors["v"][i] = math.Float32frombits(uint32(i) * 2654435761) // NaN patterns included
	}
	for name, s := range map[string]Snapshot{"small": small(3), "empty": {}, "large": large} {
		data := encode(t, s)
		back, err := Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(encode(t, back), data) {
			t.Errorf("%s: not the same after reading", name)
		}
	}
	if back, _ := Decode(encode(t, small(3))); string(back.Bytes["meta"]) != `{"iteration":3}` || back.Vectors["weights"][1] != -0.5 {
		t.Errorf("%v", back)
	}
}

// A file that is cut at any byte, has grown, or has any bit flipped is rejected.
func TestEveryDamageIsSeen(t *testing.T) {
	data := encode(t, small(1))
	for n := range data {
		if _, err := Decode(data[:n]); err == nil {
			t.Errorf("cut to %d of %d bytes: no error", n, len(data))
		}
	}
	if _, err := Decode(append(bytes.Clone(data), 0)); err == nil {
		t.Error("grown: no error")
	}
	for i := range data {
		broken := bytes.Clone(data)
		broken[i] ^= 1 << (i % 8)
		if _, err := Decode(broken); err == nil {
			t.Errorf("byte %d changed: no error", i)
		}
	}
}

// Wrong lengths are rejected even if the checksum is right.
func TestHostileLengths(t *testing.T) {
	const at = headerSize // of the first section
	for name, change := range map[string]func(data []byte){
		"data length":   func(d []byte) { binary.LittleEndian.PutUint64(d[at+8:], 1<<62) },
		"name length":   func(d []byte) { binary.LittleEndian.PutUint32(d[at+4:], math.MaxUint32) },
		"kind":          func(d []byte) { d[at] = 7 },
		"odd floats":    func(d []byte) { d[at] = kindFloats },
		"many sections": func(d []byte) { binary.LittleEndian.PutUint32(d[12:], math.MaxUint32) },
		"few sections":  func(d []byte) { d[12] = 0 },
	} {
		data := encode(t, Snapshot{Bytes: map[string][]byte{"name": []byte("abc")}})
		change(data)
		if _, err := Decode(seal(data)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	twice := encode(t, Snapshot{Bytes: map[string][]byte{"a": nil, "b": nil}})
	if _, err := Decode(seal(bytes.Replace(twice, []byte("b"), []byte("a"), 1))); err == nil {
		t.Error("a section twice: no error")
	}
	future := encode(t, small(1))
	future[8] = 2
	if _, err := Decode(seal(future)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("another version: %v", err)
	}
}

func TestStoreKeepsTheNewest(t *testing.T) {
	s := &Store{Dir: t.TempDir(), Keep: 2}
	if _, err := s.Load(); !errors.Is(err, ErrNone) {
		t.Errorf("empty folder: %v", err)
	}
	if _, err := (&Store{Dir: filepath.Join(s.Dir, "none")}).Load(); !errors.Is(err, ErrNone) {
		t.Errorf("no folder: %v", err)
	}
	for _, name := range []string{"1.checkpoint", "x.checkpoint", "00000009.txt", "99999999999999999999.checkpoint"} {
		if err := os.WriteFile(filepath.Join(s.Dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(s.Dir, "00000077.checkpoint"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		if _, err := s.Save(small(i)); err != nil {
			t.Fatal(err)
		}
		got, err := s.Load()
		if err != nil || got.Vectors["weights"][0] != float32(i) || len(got.Damaged) != 0 {
			t.Fatalf("%d: %+v, %v", i, got, err)
		}
	}
	if numbers, err := s.numbers(); err != nil || len(numbers) != 2 || numbers[0] != 12 {
		t.Errorf("kept %v, %v", numbers, err)
	}
}

func TestDamagedNewestFallsBack(t *testing.T) {
	s := &Store{Dir: t.TempDir()}
	var paths []string
	for i := range 3 {
		path, err := s.Save(small(i))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	whole, err := os.ReadFile(paths[2])
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := os.WriteFile(paths[2], whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := s.Load()
		if err != nil || got.Path != paths[1] || len(got.Damaged) != 1 || !strings.Contains(got.Damaged[0].Error(), paths[2]) {
			t.Fatalf("cut to %d bytes: %+v, %v", n, got, err)
		}
		if damaged, err := s.Damaged(); err != nil || len(damaged) != 1 {
			t.Fatalf("cut to %d bytes: damaged %v, %v", n, damaged, err)
		}
	}
	for _, p := range paths {
		if err := os.WriteFile(p, []byte("rubbish"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Load(); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), paths[2]) {
		t.Errorf("all damaged: %v", err)
	}
	if damaged, err := s.Damaged(); err != nil || len(damaged) != 3 {
		t.Errorf("all damaged: %v, %v", damaged, err)
	}
	if path, err := s.Save(small(9)); err != nil || filepath.Base(path) != "00000004.checkpoint" {
		t.Errorf("after damage: %s, %v", path, err)
	}
}

// For every failing step of a save and every kind of failure, the folder holds the checkpoint
// before it or the new one.
func TestSaveSurvivesEveryFault(t *testing.T) {
	for _, fault := range durabletest.Faults {
		for at := 1; ; at++ {
			s := &Store{Dir: t.TempDir(), Keep: 1}
			if _, err := s.Save(small(1)); err != nil {
				t.Fatal(err)
			}
			faulty := &durabletest.FS{At: at, Fault: fault}
			_, err := (&Store{Dir: s.Dir, Keep: 1, FS: faulty}).Save(small(2))
			fired := faulty.Fired()
			got, loadErr := s.Load()
			if loadErr != nil || len(got.Damaged) > 0 {
				t.Errorf("%v at step %d: %v, %v", fault, at, got.Damaged, loadErr)
				continue
			}
			switch weight := got.Vectors["weights"][0]; {
			case weight != 1 && weight != 2, err == nil && weight != 2:
				t.Errorf("%v at step %d: checkpoint %v, save said %v", fault, at, weight, err)
			}
			if !fired {
				break
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, small(1)))
	f.Add(encode(f, Snapshot{}))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Raw data hardly ever passes the checksum; sealed data tests the rest.
		for _, d := range [][]byte{data, seal(data)} {
			s, err := Decode(d)
			if err != nil {
				continue
			}
			back, err := Decode(encode(t, s))
			if err != nil || len(back.Bytes) != len(s.Bytes) || len(back.Vectors) != len(s.Vectors) {
				t.Fatalf("%v, %v", back, err)
			}
		}
	})
}

// ExampleStore saves a checkpoint and loads it again.
func ExampleStore() {
	dir, err := os.MkdirTemp("", "checkpoint")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	store := &Store{Dir: dir}
	for i := 1; i <= 5; i++ {
		if _, err := store.Save(Snapshot{
			Bytes:   map[string][]byte{"iteration": fmt.Append(nil, i)},
			Vectors: map[string][]float32{"weights": {0.5, 0.25}},
		}); err != nil {
			fmt.Println(err)
			return
		}
	}
	last, err := store.Load()
	fmt.Println(string(last.Bytes["iteration"]), last.Vectors["weights"], filepath.Base(last.Path), err)
	// Output:
	// 5 [0.5 0.25] 00000005.checkpoint <nil>
}

var _ durable.FS = (*durabletest.FS)(nil)
