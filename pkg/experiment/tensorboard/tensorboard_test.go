package tensorboard_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/tensorboard"
)

// records splits a stream of TFRecords and checks their checksums with a second implementation.
func records(t *testing.T, stream []byte) (list [][]byte) {
	t.Helper()
	masked := func(data []byte) uint32 {
		crc := uint64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
		return uint32((crc>>15 | crc<<17&0xffffffff) + 0xa282ead8)
	}
	for len(stream) > 0 {
		n := binary.LittleEndian.Uint64(stream)
		data, end := stream[12:12+n], stream[12+n:]
		if binary.LittleEndian.Uint32(stream[8:]) != masked(stream[:8]) || binary.LittleEndian.Uint32(end) != masked(data) {
			t.Fatalf("a checksum is wrong")
		}
		list, stream = append(list, data), end[4:]
	}
	return list
}

// messages has the fields that are messages, by their path from Event: the summary, its values, a value's image, and the
// session's log.
var messages = map[string]bool{"5": true, "5.1": true, "5.1.4": true, "7": true}

// shown returns a message as text: the numbers of its fields with their values. path is the path of the message's field,
// followed by a dot.
func shown(t *testing.T, message []byte, path string) string {
	t.Helper()
	var parts []string
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		message = message[max(n, 0):]
		at := fmt.Sprintf("%s%d", path, field)
		var text string
		switch kind {
		case protowire.VarintType:
			var v uint64
			v, n = protowire.ConsumeVarint(message)
			text = fmt.Sprint(v)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message)
			text = fmt.Sprint(math.Float32frombits(v))
		case protowire.Fixed64Type:
			_, n = protowire.ConsumeFixed64(message)
			text = "time"
		case protowire.BytesType:
			var v []byte
			v, n = protowire.ConsumeBytes(message)
			if text = fmt.Sprintf("%q", v); messages[at] {
				text = "{" + shown(t, v, at+".") + "}"
			}
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
		parts = append(parts, fmt.Sprintf("%d:%s", field, text))
	}
	return strings.Join(parts, " ")
}

// TestFraming: every record has its length and checksums, and the fields of TensorFlow's messages.
func TestFraming(t *testing.T) {
	var stream bytes.Buffer
	w, err := tensorboard.New(&stream)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.Restart(7),
		w.Scalars(7, tensorboard.Scalar{Tag: "a", Value: 0.5}, tensorboard.Scalar{Tag: "none", Value: math.NaN()}, tensorboard.Scalar{Tag: "b", Value: -2}),
		w.Scalars(8, tensorboard.Scalar{Tag: "none", Value: math.NaN()}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Picture(9, tensorboard.Picture{Tag: "p", Width: 4, Height: 3, PNG: []byte("png")}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`1:time 2:0 3:"brain.Event:2"`, `1:time 2:7 7:{1:1}`, `1:time 2:7 5:{1:{1:"a" 2:0.5} 1:{1:"b" 2:-2}}`,
		`1:time 2:9 5:{1:{1:"p" 4:{1:3 2:4 3:3 4:"png"}}}`,
	}
	list := records(t, stream.Bytes())
	if len(list) != len(want) {
		t.Fatalf("%d records, want %d", len(list), len(want))
	}
	for i, w := range want {
		if got := shown(t, list[i], ""); got != w {
			t.Errorf("record %d is %s, want %s", i, got, w)
		}
	}
}

// TestChecksum: the checksums of this file equal those of TensorBoard's own writer (2.21).
func TestChecksum(t *testing.T) {
	theirs, err := hex.DecodeString("0f000000000000006d532b091a0d627261696e2e4576656e743a32fc985129" + "0300000000000000b099490e6162636e57f121")
	if err != nil {
		t.Fatal(err)
	}
	if list := records(t, theirs); len(list) != 2 || shown(t, list[0], "") != `3:"brain.Event:2"` || string(list[1]) != "abc" {
		t.Errorf("%q", list)
	}
}

// write writes the event files of a run that was killed in step 4 and continued from step 3.
func write(t *testing.T, dir string) {
	t.Helper()
	for call, steps := range [][]int{{1, 2, 3, 4}, {3, 4, 5}} {
		f, earlier, err := tensorboard.Create(durable.OS, dir)
		if err != nil || earlier != (call > 0) {
			t.Fatalf("call %d: earlier files %v, %v", call, earlier, err)
		}
		w, err := tensorboard.New(f)
		if err != nil {
			t.Fatal(err)
		}
		if earlier {
			if err := w.Restart(steps[0]); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range steps {
			if err := w.Scalars(s, tensorboard.Scalar{Tag: "train/loss", Value: float64(10*call + s)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Picture(steps[0], tensorboard.Picture{Tag: "samples", Width: 2, Height: 1, PNG: []byte("\x89PNG")}); err != nil {
			t.Fatal(err)
		}
		if call == 0 { // a record that is cut short, as after a kill
			if _, err := f.Write([]byte{200, 0, 0, 0, 0, 0, 0, 0, 1}); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// reader is a Python program that prints the events that TensorBoard's own reader finds.
const reader = `
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
a = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
a.Reload()
print([(e.step, e.value) for e in a.Scalars("train/loss")], [(e.step, e.width, e.height, e.encoded_image_string) for e in a.Images("samples")])
`

// TestReader: TensorBoard's own reader finds each step once, with the values of the last call. It runs only if TENSORBOARD
// is the folder where pip has installed the package, as in .ci/run.
func TestReader(t *testing.T) {
	folder := os.Getenv("TENSORBOARD")
	if folder == "" {
		t.Skip("TENSORBOARD is not set")
	}
	dir := t.TempDir()
	write(t, dir)
	cmd := exec.CommandContext(t.Context(), "python3", "-W", "ignore", "-c", reader, dir)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+folder)
	out, err := cmd.Output()
	const want = `[(1, 1.0), (2, 2.0), (3, 13.0), (4, 14.0), (5, 15.0)] [(1, 2, 1, b'\x89PNG'), (3, 2, 1, b'\x89PNG')]`
	if err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("%v: %s, want %s", err, out, want)
	}
}

// TestClear: event files are removed, others stay.
func TestClear(t *testing.T) {
	dir := t.TempDir()
	write(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := tensorboard.Clear(durable.OS, dir); err != nil {
			t.Fatal(err)
		}
	}
	if err := tensorboard.Clear(durable.OS, filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}
