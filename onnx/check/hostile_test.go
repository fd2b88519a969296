package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"multiscale/onnx/session/sessiontest"
)

// message builds valid and invalid protobuf messages, field by field.
type message []byte

func (m message) number(field protowire.Number, v int64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v))
}

func (m message) bytes(field protowire.Number, v []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), v)
}

// Field numbers of onnx.proto.
const (
	modelVersion, modelGraph, modelOpset             = 1, 7, 8
	graphNode, graphWeight, graphInput, graphOutput  = 1, 5, 11, 12
	nodeInput, nodeOutput, nodeOp, nodeAttribute     = 1, 2, 4, 5
	attributeName, attributeGraph, attributeType     = 1, 6, 20
	tensorDims, tensorType, tensorName, tensorRaw    = 1, 2, 8, 9
	valueName, valueType, typeTensor, shapeOf, dimOf = 1, 2, 1, 2, 1
)

func node(op, in, out string) message {
	return message(nil).bytes(nodeInput, []byte(in)).bytes(nodeOutput, []byte(out)).bytes(nodeOp, []byte(op))
}

// value returns the declaration of a float32 value with fixed dims.
func value(name string, dims ...int64) message {
	var shape message
	for _, d := range dims {
		shape = shape.bytes(1, message(nil).number(dimOf, d))
	}
	tensor := message(nil).number(1, 1).bytes(shapeOf, shape)
	return message(nil).bytes(valueName, []byte(name)).bytes(valueType, message(nil).bytes(typeTensor, tensor))
}

func weight(name string, data int, dims ...int64) message {
	var m message
	for _, d := range dims {
		m = m.number(tensorDims, d)
	}
	return m.number(tensorType, 1).bytes(tensorName, []byte(name)).bytes(tensorRaw, make([]byte, data))
}

// file returns a model from x (1,3,8,8) to y with additional fields in its graph.
func file(more message) []byte {
	graph := append(message(nil).bytes(graphInput, value("x", 1, 3, 8, 8)).bytes(graphOutput, value("y", 1, 3, 8, 8)), more...)
	return message(nil).number(modelVersion, 8).bytes(modelGraph, graph).bytes(modelOpset, message(nil).number(2, 17))
}

// nested returns a node with graphs in attributes, nested to the given depth.
func nested(depth int) message {
	n := node("Tanh", "x", "y")
	for range depth {
		graph := message(nil).bytes(graphNode, n)
		attribute := message(nil).bytes(attributeName, []byte("body")).bytes(attributeGraph, graph).number(attributeType, 5)
		n = node("Loop", "x", "y").bytes(nodeAttribute, attribute)
	}
	return n
}

// TestHostile: for every damaged file, the command prints an error of one to three lines, and does not allocate more
// memory than the file's size justifies.
func TestHostile(t *testing.T) {
	tanh := message(nil).bytes(graphNode, node("Tanh", "x", "y"))
	good := sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("denoising"))
	attributes := node("Tanh", "x", "y")
	for range 10_000 {
		attributes = attributes.bytes(nodeAttribute, message(nil).bytes(attributeName, []byte("a")).number(3, 1).number(attributeType, 2))
	}
	const huge = 1 << 40
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"cut":                   {good[:len(good)*2/3], "cut off"},
		"negative input":        {bytes.Replace(file(tanh), value("x", 1, 3, 8, 8), value("x", 1, 3, 8, -8), 1), ""},
		"negative weight":       {file(tanh.bytes(graphWeight, weight("w", 4, -1))), "negative"},
		"huge weight":           {file(tanh.bytes(graphWeight, weight("w", 4, huge))), "larger"},
		"huge product":          {file(tanh.bytes(graphWeight, weight("w", 4, 1<<20, 1<<20, 1<<20, 1<<20))), "more elements"},
		"huge input":            {file(message(nil).bytes(graphNode, node("Tanh", "z", "y")).bytes(graphInput, value("z", huge, huge, huge, huge))), "larger"},
		"cycle":                 {file(message(nil).bytes(graphNode, node("Tanh", "b", "a")).bytes(graphNode, node("Tanh", "a", "b")).bytes(graphNode, node("Tanh", "b", "y"))), "cycle"},
		"missing weight":        {file(message(nil).bytes(graphNode, node("Add", "x", "y").bytes(nodeInput, []byte("w")))), `"w"`},
		"unknown operation":     {file(message(nil).bytes(graphNode, node("Magic", "x", "y"))), `"Magic"`},
		"10,000 graphs nested":  {file(message(nil).bytes(graphNode, nested(10_000))), "nested more than"},
		"10,000 attributes":     {file(message(nil).bytes(graphNode, attributes)), `attribute "a" is given twice`},
		"expands without limit": {file(message(nil).bytes(graphNode, node("Expand", "x", "y").bytes(nodeInput, []byte("s"))).bytes(graphWeight, shapeOfHuge())), ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hostile.onnx")
			if err := os.WriteFile(path, c.data, 0o666); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var stdout, stderr bytes.Buffer
			code := invoke([]string{path}, &stdout, &stderr)
			runtime.ReadMemStats(&after)
			message := stderr.String()
			if code != 1 || !strings.Contains(message, path) || !strings.Contains(message, c.want) || strings.Count(message, "\n") > 3 || len(message) > 1000 {
				t.Errorf("exit %d, %q, want %q", code, message, c.want)
			}
			// All allocations count, also freed ones. The file itself is read and copied a few times.
			if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 32<<20+20*uint64(len(c.data)) {
				t.Errorf("%d bytes were allocated for a file of %d", bytes, len(c.data))
			}
		})
	}
}

// shapeOfHuge returns a constant s, a shape with 2^40 elements.
func shapeOfHuge() message {
	var raw []byte
	for _, d := range []uint64{1 << 10, 1 << 10, 1 << 10, 1 << 10} {
		raw = protowire.AppendFixed64(raw, d)
	}
	return message(nil).number(tensorDims, 4).number(tensorType, 7).bytes(tensorName, []byte("s")).bytes(tensorRaw, raw)
}
