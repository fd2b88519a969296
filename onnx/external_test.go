package onnx_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"multiscale/onnx"
)

// Field numbers of onnx.proto.
const (
	graphField, functionField          = 7, 25
	initializerField                   = 5
	dimsField, typeField, nameField    = 1, 2, 8
	externalField, whereField, rawData = 13, 14, 9
)

func bytesField(b []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), content)
}

func numberField(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

// outside returns a float32 tensor of shape (n) with its data in another file.
func outside(name string, n uint64, entries ...string) []byte {
	t := numberField(numberField(nil, dimsField, n), typeField, uint64(onnx.Float32))
	t = bytesField(t, nameField, []byte(name))
	for i := 0; i < len(entries); i += 2 {
		t = bytesField(t, externalField, bytesField(bytesField(nil, 1, []byte(entries[i])), 2, []byte(entries[i+1])))
	}
	return numberField(t, whereField, 1)
}

// withWeights appends initializers to a model's graph.
func withWeights(t *testing.T, tensors ...[]byte) []byte {
	t.Helper()
	m := tiny()
	m.Graph.Initializers = m.Graph.Initializers[1:] // without w, which the first node reads
	m.Graph.Inputs = append(m.Graph.Inputs, &onnx.ValueInfo{Name: "w", Type: onnx.Float32})
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var graph []byte
	for _, tensor := range tensors {
		graph = bytesField(graph, initializerField, tensor)
	}
	return bytesField(data, graphField, graph) // protobuf merges the two parts of the graph
}

func TestExternalData(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("weights.bin", []byte{9, 9, 9, 9, 0, 0, 128, 63, 0, 0, 0, 64}) // then 1 and 2
	if err := os.Symlink("/etc/hostname", filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tensors [][]byte
		want    string // of the error; empty for none
	}{
		"whole":            {[][]byte{outside("w", 2, "location", "weights.bin", "offset", "4", "length", "8")}, ""},
		"without a length": {[][]byte{outside("w", 2, "location", "weights.bin", "offset", "4")}, ""},
		"no such file":     {[][]byte{outside("w", 2, "location", "other.bin")}, `"other.bin"`},
		"no location":      {[][]byte{outside("w", 2)}, "does not say which"},
		"up":               {[][]byte{outside("w", 2, "location", "../weights.bin")}, "escapes"},
		"absolute":         {[][]byte{outside("w", 2, "location", "/etc/hostname")}, "escapes"},
		"link":             {[][]byte{outside("w", 2, "location", "link")}, "escapes"},
		"folder":           {[][]byte{outside("w", 2, "location", ".")}, "needed"},
		"too short":        {[][]byte{outside("w", 4, "location", "weights.bin")}, "needed"},
		"behind the end":   {[][]byte{outside("w", 2, "location", "weights.bin", "offset", "9223372036854775807")}, "needed"},
		"wrong length":     {[][]byte{outside("w", 2, "location", "weights.bin", "length", "12")}, "not 12"},
		"no number":        {[][]byte{outside("w", 2, "location", "weights.bin", "offset", "-4")}, "-4"},
		"huge":             {[][]byte{outside("w", 1<<30, "location", "weights.bin")}, "needed"},
		"claimed twice":    {[][]byte{outside("w", 2, "location", "weights.bin"), outside("v", 2, "location", "./weights.bin")}, "claim more"},
		"here and there":   {[][]byte{bytesField(outside("w", 2, "location", "weights.bin"), rawData, make([]byte, 8))}, "here and in another"},
	} {
		t.Run(name, func(t *testing.T) {
			data := withWeights(t, c.tensors...)
			path := write("model.onnx", data)
			m, err := onnx.ReadFile(path)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("error %v does not say %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w := m.Graph.Initializers[len(m.Graph.Initializers)-1]
			if got, err := w.Floats(); err != nil || !slices.Equal(got, []float32{1, 2}) {
				t.Errorf("got %v, %v", got, err)
			}
			if _, err := onnx.Decode(data); err == nil || !strings.Contains(err.Error(), "another file") {
				t.Errorf("without the folder: %v", err)
			}
		})
	}
}

// TestInspect: Inspect names features that are not represented, and reads everything else.
func TestInspect(t *testing.T) {
	data, err := tiny().Encode()
	if err != nil {
		t.Fatal(err)
	}
	data = slices.Clip(data)
	text := bytesField(numberField(numberField(nil, dimsField, 1), typeField, 8), nameField, []byte("words"))
	for want, data := range map[string][]byte{
		"local functions":     bytesField(data, functionField, nil),
		"sparse initializers": bytesField(data, graphField, bytesField(nil, 15, nil)),
		`"words" holds`:       bytesField(data, graphField, bytesField(nil, initializerField, text)),
	} {
		m, err := onnx.Inspect(data)
		if err != nil || len(m.Beyond) != 1 || !strings.Contains(m.Beyond[0], want) || len(m.Graph.Nodes) != 2 {
			t.Errorf("%s: %+v, %v", want, m, err)
			continue
		}
		if _, err := onnx.Decode(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: decoded with error %v", want, err)
		}
		if _, err := m.Encode(); err == nil {
			t.Errorf("%s: encoded", want)
		}
	}
}
