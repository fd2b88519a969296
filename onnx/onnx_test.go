package onnx_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"multiscale/onnx"
	"multiscale/onnx/internal/stored"
)

// tiny is the model y = relu(x + w), with every kind of field that a file can have.
func tiny() *onnx.Model {
	shape := []onnx.Dim{onnx.Symbolic("N"), onnx.Fixed(2), {Size: -1}}
	return &onnx.Model{
		IRVersion: 8, Producer: "multiscale", ProducerVersion: "1", Domain: "here", Version: 3, Doc: "tiny",
		Opsets:   []onnx.Opset{{Version: 17}, {Domain: "other", Version: 1}},
		Metadata: []onnx.Property{{Key: "task", Value: "none"}, {Key: "empty"}},
		Graph: &onnx.Graph{
			Name: "g", Doc: "graph",
			Inputs:       []*onnx.ValueInfo{{Name: "x", Type: onnx.Float32, Dims: shape, Doc: "in"}},
			Outputs:      []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32, Dims: shape}},
			Values:       []*onnx.ValueInfo{{Name: "s", Type: onnx.Float32}},
			Initializers: []*onnx.Tensor{onnx.NewFloats("w", []int64{2, 1}, []float32{1, -2}), onnx.NewInts("i", nil, []int64{-7})},
			Nodes: []*onnx.Node{
				{Name: "add", Op: "Add", Inputs: []string{"x", "w"}, Outputs: []string{"s"}, Doc: "sum"},
				{Name: "act", Op: "Odd", Domain: "other", Inputs: []string{"s", "", "i"}, Outputs: []string{"y", ""}, Attributes: []*onnx.Attribute{
					{Name: "f", Value: float32(0)}, {Name: "i", Value: int64(-1)}, {Name: "s", Value: "text"},
					{Name: "t", Value: onnx.NewFloats("", []int64{0}, []float32{})},
					{Name: "fs", Value: []float32{1, 0, -3}}, {Name: "is", Value: []int64{0, 1 << 40}}, {Name: "ss", Value: []string{"a", ""}},
					{Name: "g", Value: &onnx.Graph{
						Name:    "inner",
						Nodes:   []*onnx.Node{{Op: "Relu", Inputs: []string{"s"}, Outputs: []string{"r"}}},
						Outputs: []*onnx.ValueInfo{{Name: "r"}},
					}},
				}},
			},
		},
	}
}

func TestRoundTrip(t *testing.T) {
	want := tiny()
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := onnx.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded %+v, want %+v", got, want)
	}
	again, err := got.Encode()
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("encoding the decoded model gives other bytes (%v)", err)
	}
}

func TestFileRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := tiny().WriteFile(path); err != nil {
		t.Fatal(err)
	}
	m, err := onnx.ReadFile(path)
	if err != nil || !reflect.DeepEqual(m, tiny()) {
		t.Errorf("got %+v, %v", m, err)
	}
	if opset := m.Opset(); opset != 17 {
		t.Errorf("opset %d", opset)
	}
	if v, ok := m.Property("task"); !ok || v != "none" {
		t.Errorf("property %q, %v", v, ok)
	}
}

// TestReferenceRoundTrip reads models written by another program, writes them, and reads them
// again.
func TestReferenceRoundTrip(t *testing.T) {
	for _, c := range stored.Cases(t) {
		t.Run(c.ID, func(t *testing.T) {
			first, err := onnx.ReadFile(c.Path)
			if err != nil {
				t.Fatal(err)
			}
			data, err := first.Encode()
			if err != nil {
				t.Fatal(err)
			}
			second, err := onnx.Decode(data)
			if err != nil || !reflect.DeepEqual(first, second) {
				t.Errorf("the model changes when it is written and read (%v)", err)
			}
		})
	}
}

func TestTypedData(t *testing.T) {
	// Files may have elements in typed fields instead of raw bytes.
	field := func(b []byte, n protowire.Number, v ...byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
	}
	var ints []byte
	for _, v := range []int64{-3, 5} {
		ints = protowire.AppendVarint(ints, uint64(v))
	}
	tensor := func(kind byte, n protowire.Number, v []byte) []byte {
		b := field(nil, n, v...)
		b = append(b, 1<<3, 2) // dims
		return append(b, 2<<3, kind)
	}
	for _, c := range []struct {
		name string
		in   []byte
		want []byte
	}{
		{"int64", tensor(7, 7, ints), onnx.NewInts("", nil, []int64{-3, 5}).Raw},
		{"int32", tensor(6, 5, ints), []byte{0xfd, 0xff, 0xff, 0xff, 5, 0, 0, 0}},
		{"int8", tensor(3, 5, ints), []byte{0xfd, 5}},
		{"float32", tensor(1, 4, onnx.NewFloats("", nil, []float32{1, -2}).Raw), onnx.NewFloats("", nil, []float32{1, -2}).Raw},
		{"float64", tensor(11, 10, onnx.NewInts("", nil, []int64{1, 2}).Raw), onnx.NewInts("", nil, []int64{1, 2}).Raw},
	} {
		m := tiny()
		m.Graph.Initializers = nil
		m.Graph.Inputs = append(m.Graph.Inputs, &onnx.ValueInfo{Name: "w"}, &onnx.ValueInfo{Name: "i"})
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		graph := field(nil, 5, field(c.in, 8, 'n')...)
		data = splice(t, data, graph)
		got, err := onnx.Decode(data)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if raw := got.Graph.Initializers[0].Raw; !bytes.Equal(raw, c.want) {
			t.Errorf("%s: raw %v, want %v", c.name, raw, c.want)
		}
	}
}

// splice appends fields to the graph message of an encoded model.
func splice(t *testing.T, data, fields []byte) []byte {
	t.Helper()
	var out []byte
	for len(data) > 0 {
		num, kind, n := protowire.ConsumeField(data)
		if n < 0 {
			t.Fatal("bad model")
		}
		if num == 7 && kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(data)
			body, _ := protowire.ConsumeBytes(data[tag:])
			out = protowire.AppendBytes(protowire.AppendTag(out, 7, protowire.BytesType), append(bytes.Clone(body), fields...))
		} else {
			out = append(out, data[:n]...)
		}
		data = data[n:]
	}
	return out
}

func TestDecodeHostile(t *testing.T) {
	valid, err := tiny().Encode()
	if err != nil {
		t.Fatal(err)
	}
	// unchecked encodes a changed model that Encode would refuse.
	unchecked := func(change func(*onnx.Model)) []byte {
		m := tiny()
		change(m)
		return onnx.EncodeUnchecked(m)
	}
	nested := []byte{}
	for range 10000 {
		// graph { node { attribute { g: ... } } }
		for _, field := range []protowire.Number{6, 5, 1} {
			nested = protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), nested)
		}
	}
	// input { name: "z"  type { tensor_type { shape { dim { dim_value: -5 } } } } }, from the inside out.
	negativeInput := protowire.AppendVarint([]byte{1 << 3}, 1<<64-5)
	for _, field := range []protowire.Number{1, 2, 1, 2} {
		negativeInput = protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), negativeInput)
	}
	negativeInput = protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), append([]byte{0x0a, 1, 'z'}, negativeInput...))
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"empty", "empty", nil},
		{"cut", "cut off", valid[:len(valid)/2]},
		{"text", "not a readable", []byte("hello, this is not a model at all")},
		{"zeros", "not a readable", make([]byte, 100)},
		{"nested attributes", "nested", protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), nested)},
		{"nested groups", "not a readable", bytes.Repeat([]byte{0x0b}, 1<<20)},
		{"many messages", "messages", protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), bytes.Repeat([]byte{0x0a, 0}, 1<<20))},
		{"no graph", "no graph", unchecked(func(m *onnx.Model) { m.Graph = nil })},
		{"no opset", "opset", unchecked(func(m *onnx.Model) { m.Opsets = nil })},
		{"old format", "IR version", unchecked(func(m *onnx.Model) { m.IRVersion = 0 })},
		{"negative dimension", "negative", unchecked(func(m *onnx.Model) { m.Graph.Initializers[0].Dims = []int64{-2, -1} })},
		{"huge dimension", "1099511627776", unchecked(func(m *onnx.Model) { m.Graph.Initializers[0].Dims = []int64{1 << 40} })},
		{"overflowing dims", "more elements", unchecked(func(m *onnx.Model) { m.Graph.Initializers[0].Dims = []int64{1 << 31, 1 << 31, 1 << 31} })},
		{"many dims", "dimensions", unchecked(func(m *onnx.Model) { m.Graph.Initializers[0].Dims = make([]int64, 1000) })},
		{"too little data", "data has 8", unchecked(func(m *onnx.Model) { m.Graph.Initializers[0].Dims = []int64{3} })},
		{"unknown type", "data type 99", unchecked(func(m *onnx.Model) { m.Graph.Initializers[0].Type = 99 })},
		{"huge input", "1099511627776", unchecked(func(m *onnx.Model) { m.Graph.Inputs[0].Dims = []onnx.Dim{onnx.Fixed(1 << 40)} })},
		{"negative input", "negative", splice(t, valid, negativeInput)},
		{"missing initializer", `"w" is neither`, unchecked(func(m *onnx.Model) { m.Graph.Initializers = m.Graph.Initializers[1:] })},
		{"self cycle", "cycle", unchecked(func(m *onnx.Model) { m.Graph.Nodes[0].Inputs[1] = "s" })},
		{"cycle", "cycle", unchecked(func(m *onnx.Model) { m.Graph.Nodes[0].Inputs[1] = "y" })},
		{"disorder", "later, by node 1", unchecked(func(m *onnx.Model) {
			m.Graph.Nodes[0], m.Graph.Nodes[1] = m.Graph.Nodes[1], m.Graph.Nodes[0]
		})},
		{"two results of one name", "already", unchecked(func(m *onnx.Model) { m.Graph.Nodes[1].Outputs[0] = "s" })},
		{"missing output", "computed by no node", unchecked(func(m *onnx.Model) { m.Graph.Outputs[0].Name = "z" })},
		{"no output", "no output", unchecked(func(m *onnx.Model) { m.Graph.Outputs = nil })},
		{"no operation", "no operation", unchecked(func(m *onnx.Model) { m.Graph.Nodes[0].Op = "" })},
		{"twice", "twice", unchecked(func(m *onnx.Model) { m.Graph.Inputs = append(m.Graph.Inputs, m.Graph.Inputs[0]) })},
		{"endless name", " ...", unchecked(func(m *onnx.Model) { m.Graph.Nodes[0].Inputs[0] = strings.Repeat("n", 1<<20) })},
	} {
		_, err := onnx.Decode(c.data)
		switch {
		case err == nil:
			t.Errorf("%s: accepted", c.name)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: error %q does not say %q", c.name, err, c.want)
		case strings.Contains(err.Error(), "\n") || len(err.Error()) > 400:
			t.Errorf("%s: error is not one short line: %q", c.name, err)
		}
	}
}

// TestDecodeMemory: all allocations of reading, including freed ones, are at most proportional to the size of a hostile
// file.
func TestDecodeMemory(t *testing.T) {
	inside := func(fields []protowire.Number, data []byte) []byte {
		for _, field := range fields {
			data = protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), data)
		}
		return data
	}
	const million = 1 << 20
	for name, tc := range map[string]struct {
		data []byte
		want string
		most uint64 // bytes
	}{
		// A graph may come in parts; each of these has a value_info.
		"parts": {bytes.Repeat([]byte{0x3a, 2, 0x6a, 0}, million/8), "IR version", 1 << 30},
		// model { graph { initializer { dims } } }
		"dims": {inside([]protowire.Number{1, 5, 7}, make([]byte, 16*million)), "dimensions", 64 * million},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := onnx.Decode(tc.data)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v does not say %q", name, err, tc.want)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > tc.most {
			t.Errorf("%s: %d bytes are allocated for a file of %d", name, n, len(tc.data))
		} else {
			t.Logf("%s: %d bytes for a file of %d", name, n, len(tc.data))
		}
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.onnx")
	if err := os.WriteFile(bad, []byte("text"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bad, filepath.Join(dir, "none.onnx"), dir} {
		if _, err := onnx.ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

// FuzzDecode searches for bytes that crash the reader, or that give a model which cannot be
// written and read again.
func FuzzDecode(f *testing.F) {
	data, err := tiny().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/3])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := onnx.Decode(data)
		if err != nil {
			return
		}
		out, err := m.Encode()
		if err != nil {
			t.Fatalf("decoded, but not encoded: %v", err)
		}
		again, err := onnx.Decode(out)
		if err != nil {
			t.Fatalf("encoded, but not decoded: %v", err)
		}
		if second, err := again.Encode(); err != nil || !bytes.Equal(second, out) {
			t.Fatalf("the bytes are not stable (%v)", err)
		}
	})
}
