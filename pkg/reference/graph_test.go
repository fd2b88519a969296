package reference_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/graph"
	"multiscale/pkg/layer"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/reference"
)

// inputs are the nodes of a case's inputs, by name.
type inputs map[string]*gorgonia.Node

// build adds the computation of a case to a graph. It returns a result y, a scalar cost, or both.
type build func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node)

// result has the values of a graph after a run.
type result struct {
	y      []float32
	cost   float32
	inputs map[string][]float32 // gradients of the cost with respect to inputs
	params []float32            // gradient of the cost with respect to all parameters, flat
}

// upstream is the name of the input with the gradient with respect to y.
const upstream = "grad_y"

// nodes adds all inputs of the case except upstream to a graph.
func (k *checker) nodes(b *layer.Builder) inputs {
	in := make(inputs)
	for _, f := range k.Files {
		if f.Role == reference.Input && f.Name != upstream {
			in[f.Name] = k.node(b, f.Name)
		}
	}
	return in
}

func (k *checker) node(b *layer.Builder, name string) *gorgonia.Node {
	a := k.input(name)
	n := b.Variable(name, a.Shape...)
	copy(floats(n), a.Data)
	return n
}

func floats(n *gorgonia.Node) []float32 {
	return n.Value().(interface{ Float32s() []float32 }).Float32s()
}

// declare makes the set of parameters of a graph, with the case's values.
func (k *checker) declare(f build) *param.Set {
	set := param.NewSet(1)
	b := layer.NewBuilder(set, false)
	f(b, k.nodes(b))
	if err := b.Err(); err != nil {
		k.Fatal(err)
	}
	set.Seal()
	k.fill(set)
	return set
}

// fill sets the parameters to the case's values. The test fails if the network and the case do not
// have the same parameters.
func (k *checker) fill(set *param.Set) {
	k.Helper()
	values := make([]float32, len(set.Values()))
	for _, p := range k.Parameters {
		to := set.Param(p.Name)
		if to == nil {
			k.Errorf("the network has no parameter %s", p.Name)
			continue
		}
		if !slices.Equal(to.Shape, p.Shape) {
			k.Errorf("parameter %s has shape %v, want %v", p.Name, to.Shape, p.Shape)
			continue
		}
		a, err := k.Value(p)
		if err != nil {
			k.Fatal(err)
		}
		copy(to.Slice(values), a.Data)
	}
	for _, p := range set.Params() {
		if !slices.ContainsFunc(k.Parameters, func(q reference.Parameter) bool { return q.Name == p.Name }) {
			k.Errorf("the case has no parameter %s", p.Name)
		}
	}
	if k.ParameterCount != 0 && set.Len() != k.ParameterCount {
		k.Errorf("%d parameters, want %d", set.Len(), k.ParameterCount)
	}
	if k.Failed() {
		k.FailNow()
	}
	if err := set.Load(values); err != nil {
		k.Fatal(err)
	}
}

// evaluate runs the graph that f builds, with the gradients of its cost with respect to the named
// inputs and all parameters. It runs the graph twice and requires the same bytes.
func (k *checker) evaluate(set *param.Set, wrt []string, f build) result {
	k.Helper()
	b := layer.NewBuilder(set, false)
	in := k.nodes(b)
	y, cost := f(b, in)
	if err := b.Err(); err != nil {
		k.Fatal(err)
	}
	var keep, gradients gorgonia.Nodes
	if y != nil {
		keep = append(keep, y)
	}
	variables, err := b.ParamNodes()
	if err != nil {
		k.Fatal(err)
	}
	for _, name := range wrt {
		variables = append(variables, in[name])
	}
	if cost != nil && len(variables) > 0 {
		if gradients, err = gorgonia.Grad(cost, variables...); err != nil {
			k.Fatal(err)
		}
		keep = append(keep, gradients...)
	}
	program, err := graph.Compile(b.Graph, new(graph.Arena), keep...)
	if err != nil {
		k.Fatal(err)
	}
	once := func() result {
		if err := program.Run(); err != nil {
			k.Fatal(err)
		}
		r := result{inputs: make(map[string][]float32)}
		if y != nil {
			r.y = slices.Clone(floats(y))
		}
		if cost == nil {
			return r
		}
		r.cost = cost.Value().Data().(float32)
		r.params = make([]float32, set.Len())
		for i, p := range set.Params() {
			copy(p.Slice(r.params), floats(gradients[i]))
		}
		for i, name := range wrt {
			r.inputs[name] = slices.Clone(floats(gradients[len(set.Params())+i]))
		}
		return r
	}
	first := once()
	sameBytes(k.T, first, once())
	return first
}

func sameBytes(t *testing.T, a, b result) {
	t.Helper()
	if !slices.Equal(a.y, b.y) || a.cost != b.cost || !slices.Equal(a.params, b.params) {
		t.Error("a second run of the graph gives other values")
	}
	for name := range a.inputs {
		if !slices.Equal(a.inputs[name], b.inputs[name]) {
			t.Errorf("a second run of the graph gives another gradient of %s", name)
		}
	}
}

// vector computes y = f(inputs, parameters) and the gradients of sum(y*grad_y), and compares them with
// the files of the case: y with output, gradients of inputs with grad_<name>.npy, and those of
// parameters as in gradients.
func (k *checker) vector(output string, f func(b *layer.Builder, in inputs) *gorgonia.Node) {
	k.Helper()
	set := k.declare(func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node) { return f(b, in), nil })
	r := k.evaluate(set, k.differentiated(), func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node) {
		y = f(b, in)
		if b.Err() == nil && k.hasInput(upstream) {
			cost = b.Add(op.Dot(y, k.node(b, upstream)))
		}
		return y, cost
	})
	k.expect(output, r.y)
	k.expectGradients(set, r)
}

// differentiated returns the inputs whose gradients are expected.
func (k *checker) differentiated() []string {
	var names []string
	for _, f := range k.Files {
		if f.Role == reference.Input && k.Expected("grad_"+f.Name+".npy") != nil {
			names = append(names, f.Name)
		}
	}
	return names
}

func (k *checker) hasInput(name string) bool {
	return slices.ContainsFunc(k.Files, func(f reference.File) bool { return f.Role == reference.Input && f.Name == name })
}

func (k *checker) expectGradients(set *param.Set, r result) {
	k.Helper()
	for name, g := range r.inputs {
		k.expect("grad_"+name+".npy", g)
	}
	if len(k.Parameters) > 0 {
		k.gradients("", set, r.params)
	}
}

// gradients compares the flat gradient of all parameters with the files of a folder of the case:
// whole or sampled gradients, and the norm and the sum of each.
func (k *checker) gradients(folder string, set *param.Set, flat []float32) {
	k.Helper()
	var norms, sums []float32
	for _, p := range k.Parameters {
		g := set.Param(p.Name).Slice(flat)
		k.expectIf(folder+"grads/"+p.Name+".npy", g)
		k.expectIf(folder+"grads_sampled/"+p.Name+".npy", g)
		var sum float64
		for _, v := range g {
			sum += float64(v)
		}
		norms, sums = append(norms, norm(g)), append(sums, float32(sum))
	}
	k.expect(folder+"grads_l2.npy", norms)
	k.expect(folder+"grads_sum.npy", sums)
}

// norm is the Euclidean norm.
func norm(v []float32) float32 {
	var squares float64
	for _, x := range v {
		squares += float64(x) * float64(x)
	}
	return float32(math.Sqrt(squares))
}
