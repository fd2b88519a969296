package backend

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"multiscale/onnx"
)

// operator makes the results of a node from its attributes and its operands' shapes. It
// reports unsupported ones with node.fail.
type operator func(n *node) []result

// result is one result of a node.
type result struct {
	dtype onnx.DataType
	shape []int
	// value is the data of the result if it is a constant, else nil.
	value any
	// compute fills out from the operands' data, which are nil for omitted operands.
	compute func(out any, in []any)
}

// operators is the table of all supported operations; Operators lists its keys.
var operators map[string]operator

// Operators returns the names of the supported operations, sorted.
func Operators() []string { return slices.Sorted(maps.Keys(operators)) }

// node is one ONNX node during compilation.
type node struct {
	op         string
	opset      int
	attributes map[string]any
	in         []*array // nil for omitted operands
	outputs    int

	used    map[string]bool // names of attributes that the operator knows
	unknown int             // an operand that must be a constant but is none; -1 for none
}

// refusal is the panic of fail.
type refusal struct{ error }

// fail ends the operator: it panics, and build returns the error. This keeps checks in operators short.
func (n *node) fail(format string, args ...any) { panic(refusal{fmt.Errorf(format, args...)}) }

// build makes the results. It refuses attributes that the operator does not know, because
// ignoring one could give a wrong result.
func (n *node) build(f operator) (results []result, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			err = r.error
		default:
			err = fmt.Errorf("operands of shapes %v do not fit (%v)", n.shapes(), r)
		}
	}()
	n.used = map[string]bool{}
	results = f(n)
	for _, name := range slices.Sorted(maps.Keys(n.attributes)) {
		if !n.used[name] {
			n.fail("attribute %q is not supported", name)
		}
	}
	if n.outputs > len(results) {
		return nil, fmt.Errorf("result %d is not supported", len(results))
	}
	return results, nil
}

func (n *node) shapes() (s [][]int) {
	for _, a := range n.in {
		if a != nil {
			s = append(s, a.shape)
		}
	}
	return s
}

func (n *node) has(i int) bool { return i < len(n.in) && n.in[i] != nil }

// operands checks that the node has at most allowed operands, and that the first required ones are not omitted.
func (n *node) operands(required, allowed int) {
	if len(n.in) > allowed {
		n.fail("%d operands, at most %d are supported", len(n.in), allowed)
	}
	for i := range required {
		if !n.has(i) {
			n.fail("operand %d is missing", i)
		}
	}
}

// floatOperands is operands for operations on floating-point numbers only.
func (n *node) floatOperands(required, allowed int) {
	n.operands(required, allowed)
	for i := range n.in {
		n.float(i)
	}
}

// float checks that the operands with these indices have floating-point numbers or are omitted.
func (n *node) float(is ...int) {
	for _, i := range is {
		if n.has(i) && !isFloat(n.in[i].dtype) {
			n.fail("operand %d holds %v, want a floating-point type", i, n.in[i].dtype)
		}
	}
}

// maxWork bounds the steps of operations whose work grows faster than their operands and results.
const maxWork = 1 << 38

// work refuses an operation whose nested loops over the given lengths have more than maxWork steps.
func (n *node) work(lengths ...int) {
	steps := 1
	for _, l := range lengths {
		if l > 0 && steps > maxWork/l {
			n.fail("the work for shapes %v is %w", n.shapes(), ErrTooLarge)
		}
		steps *= max(1, l)
	}
}

// constant returns the values of an integer operand that must be a constant, or nil if it is omitted.
func (n *node) constant(i int) []int {
	if !n.has(i) {
		return nil
	}
	a := n.in[i]
	v, ok := a.data.([]int64)
	switch {
	case !isInteger(a.dtype):
		n.fail("operand %d holds %v, want integers", i, a.dtype)
	case !ok:
		n.unknown = i
		n.fail("operand %d depends on the values of the inputs; it must follow from their shapes", i)
	}
	return clamped(v)
}

// constantFloats is constant for floating-point operands.
func (n *node) constantFloats(i int) []float32 {
	if !n.has(i) || count(n.in[i].shape) == 0 {
		return nil
	}
	v, ok := n.in[i].data.([]float32)
	if !ok && isFloat(n.in[i].dtype) {
		n.unknown = i
	}
	if !ok {
		n.fail("operand %d must be floating-point values that do not depend on the inputs", i)
	}
	return v
}

// clamped converts to int and clamps to 32 bits. Huge numbers, which models use for "to the end", stay huge.
func clamped(v []int64) []int {
	if v == nil {
		return nil
	}
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(min(max(x, math.MinInt32), math.MaxInt32))
	}
	return out
}

// attribute returns an attribute of type T, or fallback if the node does not have it.
func attribute[T any](n *node, name string, fallback T) T {
	v, ok := n.attributes[name]
	n.used[name] = true
	if !ok {
		return fallback
	}
	t, ok := v.(T)
	if !ok {
		n.fail("attribute %q is a %T, want a %T", name, v, fallback)
	}
	return t
}

func (n *node) integer(name string, fallback int) int {
	return clamped([]int64{attribute(n, name, int64(fallback))})[0]
}

func (n *node) number(name string, fallback float32) float32 { return attribute(n, name, fallback) }
func (n *node) text(name, fallback string) string            { return attribute(n, name, fallback) }
func (n *node) integers(name string) []int                   { return clamped(attribute[[]int64](n, name, nil)) }

// only accepts an attribute if it is absent or has the given value.
func only[T comparable](n *node, name string, value T) {
	if v := attribute(n, name, value); v != value {
		n.fail("%s=%v is not supported", name, v)
	}
}

// ignore accepts attributes that have no effect in the supported modes.
func (n *node) ignore(names ...string) {
	for _, name := range names {
		n.used[name] = true
	}
}

// axes returns the axes of the attribute "axes" or of operand i, converted to positive
// numbers. ok is false if the node has neither.
func (n *node) axes(i, rank int) (axes []int, ok bool) {
	axes = n.integers("axes")
	if n.has(i) {
		axes = n.constant(i)
	}
	ok = axes != nil
	axes = slices.Clone(axes)
	for k, a := range axes {
		axes[k] = n.axis(a, rank)
		if slices.Contains(axes[:k], axes[k]) {
			n.fail("axis %d is given twice", a)
		}
	}
	return axes, ok
}

// axis converts a negative axis, which counts from the end, to a positive one.
func (n *node) axis(a, rank int) int {
	if a < -rank || a >= rank {
		n.fail("axis %d is out of range for rank %d", a, rank)
	}
	if a < 0 {
		return a + rank
	}
	return a
}

// like returns the only result of an operator, with the type of operand 0.
func (n *node) like(shape []int, compute func(out any, in []any)) []result {
	return single(n.in[0].dtype, shape, compute)
}

// single returns the only result of an operator.
func single(d onnx.DataType, shape []int, compute func(out any, in []any)) []result {
	return []result{{dtype: d, shape: shape, compute: compute}}
}

// safely runs compute. A panic (such as an index out of range in a Gather, or a division of
// integers by zero) becomes an error.
func (r *result) safely(out any, in []any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New(fmt.Sprint(p))
		}
	}()
	r.compute(out, in)
	settle(r.dtype, out)
	return nil
}
