package onnx

import (
	"bytes"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Encode returns the model as the bytes of an .onnx file. Fields are in the order of their
// numbers, so that equal models give equal bytes. It returns an error for an invalid model.
func (m *Model) Encode() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m.encode(), nil
}

// Equal reports whether Encode writes both models as the same bytes. It does not copy the weights.
func (m *Model) Equal(other *Model) bool {
	a, b := m.Graph.Initializers, other.Graph.Initializers
	return slices.EqualFunc(a, b, func(a, b *Tensor) bool { return bytes.Equal(a.Raw, b.Raw) }) &&
		bytes.Equal(m.withoutWeights().encode(), other.withoutWeights().encode())
}

// withoutWeights returns a shallow copy of the model without the data of the initialisers.
func (m *Model) withoutWeights() *Model {
	bare, graph := *m, *m.Graph
	bare.Graph, graph.Initializers = &graph, make([]*Tensor, len(graph.Initializers))
	for i, t := range m.Graph.Initializers {
		empty := *t
		empty.Raw = nil
		graph.Initializers[i] = &empty
	}
	return &bare
}

// AppendTo returns the bytes of an .onnx file with g's nodes, weights and declarations added after those of its graph. It
// only appends bytes, because protobuf merges repeated messages. Neither model nor g is validated.
func (g *Graph) AppendTo(model []byte) []byte {
	return slices.Concat(model, encode([]entry{{number: 7, value: one("graph", &g)}}))
}

func (m *Model) encode() []byte {
	list, _ := m.fields()
	return encode(list)
}

// encode returns the bytes of a message with these fields.
func encode(list []entry) (w message) {
	for _, e := range list {
		switch v := e.value.(type) {
		case *string:
			if *v != "" || e.always {
				w.sub(e.number, []byte(*v))
			}
		case *int64:
			if *v != 0 || e.always {
				w.integer(e.number, *v)
			}
		case *DataType:
			if *v != Undefined {
				w.integer(e.number, int64(*v))
			}
		case *float32:
			if *v != 0 || e.always {
				w.float(e.number, *v)
			}
		case *[]byte:
			w.sub(e.number, *v)
		case *[]string:
			for _, s := range *v {
				w.sub(e.number, []byte(s))
			}
		case *[]int64:
			for _, i := range *v {
				w.integer(e.number, i)
			}
		case *[]float32:
			for _, f := range *v {
				w.float(e.number, f)
			}
		case messages:
			for p := range v.all {
				list, _ := p.fields()
				w.sub(e.number, encode(list))
			}
		case group:
			if v.present {
				w.sub(e.number, encode(v.fields))
			}
		case special:
			if v.write != nil {
				v.write(&w, e.number)
			}
		}
	}
	return w
}

// message is a protobuf message under construction. As in proto3, numbers that are zero and
// texts that are empty are omitted unless their presence has a meaning.
type message []byte

func (w *message) integer(field protowire.Number, v int64) {
	*w = protowire.AppendVarint(protowire.AppendTag(*w, field, protowire.VarintType), uint64(v))
}

func (w *message) float(field protowire.Number, v float32) {
	*w = protowire.AppendFixed32(protowire.AppendTag(*w, field, protowire.Fixed32Type), math.Float32bits(v))
}

func (w *message) sub(field protowire.Number, b []byte) {
	*w = protowire.AppendBytes(protowire.AppendTag(*w, field, protowire.BytesType), b)
}
