package onnx

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Encode returns the model as the bytes of an .onnx file, fields in the order of
// their numbers, so that equal models give equal bytes. An invalid model is refused.
func (m *Model) Encode() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m.encode(), nil
}

// Equal says whether Encode writes both models as the same bytes. It does not copy the weights.
func (m *Model) Equal(other *Model) bool {
	a, b := m.Graph.Initializers, other.Graph.Initializers
	return slices.EqualFunc(a, b, func(a, b *Tensor) bool { return bytes.Equal(a.Raw, b.Raw) }) &&
		bytes.Equal(m.withoutWeights().encode(), other.withoutWeights().encode())
}

// withoutWeights returns a model that is all but the data of the initialisers.
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

func (m *Model) encode() []byte {
	var w message
	w.integer(modelIRVersion, m.IRVersion)
	w.text(modelProducer, m.Producer)
	w.text(modelProducerVersion, m.ProducerVersion)
	w.text(modelDomain, m.Domain)
	w.integer(modelVersion, m.Version)
	w.text(modelDoc, m.Doc)
	if m.Graph != nil {
		w.sub(modelGraph, m.Graph.encode())
	}
	for _, o := range m.Opsets {
		var s message
		s.text(opsetDomain, o.Domain)
		s.integer(opsetVersion, o.Version)
		w.sub(modelOpset, s)
	}
	for _, p := range m.Metadata {
		var s message
		s.text(propertyKey, p.Key)
		s.text(propertyValue, p.Value)
		w.sub(modelMetadata, s)
	}
	return w
}

func (g *Graph) encode() (w message) {
	for _, n := range g.Nodes {
		w.sub(graphNode, n.encode())
	}
	w.text(graphName, g.Name)
	for _, t := range g.Initializers {
		w.sub(graphInitializer, t.encode())
	}
	w.text(graphDoc, g.Doc)
	for _, v := range g.Inputs {
		w.sub(graphInput, v.encode())
	}
	for _, v := range g.Outputs {
		w.sub(graphOutput, v.encode())
	}
	for _, v := range g.Values {
		w.sub(graphValue, v.encode())
	}
	return w
}

func (n *Node) encode() (w message) {
	for _, s := range n.Inputs {
		w.sub(nodeInput, []byte(s)) // written even when empty: it keeps the place of an omitted input
	}
	for _, s := range n.Outputs {
		w.sub(nodeOutput, []byte(s))
	}
	w.text(nodeName, n.Name)
	w.text(nodeOp, n.Op)
	for _, a := range n.Attributes {
		w.sub(nodeAttribute, a.encode())
	}
	w.text(nodeDoc, n.Doc)
	w.text(nodeDomain, n.Domain)
	return w
}

func (a *Attribute) encode() (w message) {
	w.text(attributeName, a.Name)
	kind := int64(0)
	switch v := a.Value.(type) {
	case float32:
		kind = kindFloat
		w.float(attributeFloat, v)
	case int64:
		kind = kindInt
		w.always(attributeInt, v)
	case string:
		kind = kindString
		w.sub(attributeString, []byte(v))
	case *Tensor:
		kind = kindTensor
		w.sub(attributeTensor, v.encode())
	case *Graph:
		kind = kindGraph
		w.sub(attributeGraph, v.encode())
	case []float32:
		kind = kindFloats
		for _, f := range v {
			w.float(attributeFloats, f)
		}
	case []int64:
		kind = kindInts
		for _, i := range v {
			w.always(attributeInts, i)
		}
	case []string:
		kind = kindStrings
		for _, s := range v {
			w.sub(attributeStrings, []byte(s))
		}
	default:
		panic(fmt.Sprintf("onnx: attribute %q of type %T was not validated", a.Name, a.Value))
	}
	w.text(attributeDoc, a.Doc)
	w.integer(attributeKind, kind)
	return w
}

func (t *Tensor) encode() (w message) {
	for _, d := range t.Dims {
		w.always(tensorDims, d)
	}
	w.integer(tensorType, int64(t.Type))
	w.text(tensorName, t.Name)
	w.sub(tensorRaw, t.Raw)
	w.text(tensorDoc, t.Doc)
	return w
}

func (v *ValueInfo) encode() (w message) {
	w.text(valueName, v.Name)
	if v.Type != Undefined || v.Dims != nil {
		var array, kind message
		array.integer(arrayType, int64(v.Type))
		if v.Dims != nil {
			var shape message
			for _, d := range v.Dims {
				var s message
				if d.Known() {
					s.always(dimSize, d.Size)
				}
				s.text(dimName, d.Name)
				shape.sub(shapeDim, s)
			}
			array.sub(arrayShape, shape)
		}
		kind.sub(typeTensor, array)
		w.sub(valueType, kind)
	}
	w.text(valueDoc, v.Doc)
	return w
}

// message is a protobuf message being written. As proto3 has it, numbers and
// texts that are zero or empty are left out unless their presence says something.
type message []byte

func (w *message) text(field protowire.Number, s string) {
	if s != "" {
		w.sub(field, []byte(s))
	}
}

func (w *message) integer(field protowire.Number, v int64) {
	if v != 0 {
		w.always(field, v)
	}
}

func (w *message) always(field protowire.Number, v int64) {
	*w = protowire.AppendVarint(protowire.AppendTag(*w, field, protowire.VarintType), uint64(v))
}

func (w *message) float(field protowire.Number, v float32) {
	*w = protowire.AppendFixed32(protowire.AppendTag(*w, field, protowire.Fixed32Type), math.Float32bits(v))
}

func (w *message) sub(field protowire.Number, b []byte) {
	*w = protowire.AppendBytes(protowire.AppendTag(*w, field, protowire.BytesType), b)
}
