package backend

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"multiscale/onnx"
)

// operator makes the results of a node whose operands have known shapes. It reports
// what it does not accept with node.fail.
type operator func(n *node) []result

// result is one result of a node.
type result struct {
	dtype onnx.DataType
	shape []int
	// value is the result itself where it follows from shapes and attributes.
	value any
	// compute fills out from the operands' data, nil where one is omitted.
	compute func(out any, in []any)
}

// operators is the table of all supported operations; Operators lists its keys.
var operators map[string]operator

// Operators returns the names of the operations that can be run, sorted.
func Operators() []string { return slices.Sorted(maps.Keys(operators)) }

// node is one ONNX node while its results are being worked out.
type node struct {
	op         string
	opset      int
	attributes map[string]any
	in         []*array // nil where an optional operand is omitted
	outputs    int

	used    map[string]bool
	unknown int // an operand that must be known and is not; -1 for none
}

// refusal is why a node cannot be built.
type refusal struct{ error }

// fail ends the operator that is building the node. It panics, and build turns that into an error: a check is one line,
// and what follows it holds.
func (n *node) fail(format string, args ...any) { panic(refusal{fmt.Errorf(format, args...)}) }

// build works out the results, and refuses what the operator does not know:
// an attribute that is silently ignored is a wrong answer.
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

// operands checks their number; the first ones, as many as are required, may not be omitted.
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

// floatOperands is operands for an operation on floating-point numbers alone.
func (n *node) floatOperands(required, allowed int) {
	n.operands(required, allowed)
	for i := range n.in {
		n.float(i)
	}
}

// float checks that those of the operands that are not omitted hold floating-point numbers.
func (n *node) float(is ...int) {
	for _, i := range is {
		if n.has(i) && !isFloat(n.in[i].dtype) {
			n.fail("operand %d holds %v, want a floating-point type", i, n.in[i].dtype)
		}
	}
}

// maxWork bounds how many steps an operation may take that grow faster than its operands and result.
const maxWork = 1 << 38

// work refuses an operation whose loops run over the given lengths when that is out of bounds.
func (n *node) work(lengths ...int) {
	steps := 1
	for _, l := range lengths {
		if l > 0 && steps > maxWork/l {
			n.fail("the work for shapes %v is %w", n.shapes(), ErrTooLarge)
		}
		steps *= max(1, l)
	}
}

// constant returns the values of an integer operand that must be known before the run.
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

// constantFloats is constant for operands of floating-point type.
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

// clamped converts to int. Models write "to the end" as a huge number, which stays huge.
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

// attribute returns an attribute of type T, or the default.
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

// only accepts an attribute that has the value which is supported, or is absent.
func only[T comparable](n *node, name string, value T) {
	if v := attribute(n, name, value); v != value {
		n.fail("%s=%v is not supported", name, v)
	}
}

// ignore accepts an attribute that changes nothing in the supported modes.
func (n *node) ignore(names ...string) {
	for _, name := range names {
		n.used[name] = true
	}
}

// axes returns the axes that an attribute or operand i gives, made positive; ok is
// false where the node has neither.
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

// axis makes an axis positive.
func (n *node) axis(a, rank int) int {
	if a < -rank || a >= rank {
		n.fail("axis %d is out of range for rank %d", a, rank)
	}
	if a < 0 {
		return a + rank
	}
	return a
}

// like wraps the one result of an operator whose result has operand 0's type.
func (n *node) like(shape []int, compute func(out any, in []any)) []result {
	return single(n.in[0].dtype, shape, compute)
}

// single wraps the one result of most operators.
func single(d onnx.DataType, shape []int, compute func(out any, in []any)) []result {
	return []result{{dtype: d, shape: shape, compute: compute}}
}

// safely runs compute and turns a panic (an index out of range in a Gather, a
// division of integers by zero) into an error.
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
