package param_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/param"
)

// declare makes a sealed set of parameters with the given names, all of shape 20x30.
func declare(t *testing.T, seed uint64, init param.Initializer, names ...string) *param.Set {
	t.Helper()
	set := param.NewSet(seed)
	for _, name := range names {
		if _, err := set.Declare(name, tensor.Shape{20, 30}, param.Weight, init); err != nil {
			t.Fatal(err)
		}
	}
	set.Seal()
	return set
}

func values(set *param.Set, name string) []float32 { return set.Param(name).Values() }

// TestSeeds: values depend on the seed and the name, but not on the other declarations or
// their order.
func TestSeeds(t *testing.T) {
	init := param.Uniform(1)
	a := declare(t, 1, init, "v", "w")
	for name, set := range map[string]*param.Set{
		"again":         declare(t, 1, init, "v", "w"),
		"other order":   declare(t, 1, init, "w", "u", "v"),
		"fewer of them": declare(t, 1, init, "w"),
	} {
		if !slices.Equal(values(set, "w"), values(a, "w")) {
			t.Errorf("%s: w has other values", name)
		}
	}
	if slices.Equal(values(declare(t, 2, init, "w"), "w"), values(a, "w")) {
		t.Error("another seed gives the same values")
	}
	if slices.Equal(values(a, "v"), values(a, "w")) {
		t.Error("two parameters have the same values")
	}
}

// TestNewSetOf: existing values are copied; missing values, or a wrong number, are errors.
func TestNewSetOf(t *testing.T) {
	there := make([]float32, 600)
	for i := range there {
		there[i] = float32(i)
	}
	set := param.NewSetOf(func(name string, _ tensor.Shape) ([]float32, error) {
		if name != "w" && name != "short" {
			return nil, fmt.Errorf("no %s", name)
		}
		return there[:600-len(name)+1], nil
	})
	if _, err := set.Declare("w", tensor.Shape{20, 30}, param.Weight, param.Uniform(1)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"none": "no none", "short": "596 values"} {
		if _, err := set.Declare(name, tensor.Shape{20, 30}, param.Weight, param.Uniform(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	set.Seal()
	if !slices.Equal(values(set, "w"), there) {
		t.Error("other values")
	}
}

func TestInitializers(t *testing.T) {
	// spread bounds the relative error of the variance of 600 uniform numbers: about four
	// standard deviations.
	const spread = 0.15
	for _, tc := range []struct {
		name  string
		init  param.Initializer
		bound float64
	}{
		{"uniform", param.Uniform(0.5), 0.5},
		{"fan in", param.FanIn(25), 0.2},
		{"scaled", param.Scaled(1e-3, param.FanIn(25)), 2e-4},
	} {
		v := values(declare(t, 3, tc.init, "w"), "w")
		var squares float64
		for _, x := range v {
			if math.Abs(float64(x)) > tc.bound {
				t.Fatalf("%s: %v is beyond %v", tc.name, x, tc.bound)
			}
			squares += float64(x) * float64(x)
		}
		if got, want := squares/float64(len(v)), tc.bound*tc.bound/3; math.Abs(got-want) > spread*want {
			t.Errorf("%s: variance %v, want %v", tc.name, got, want)
		}
	}
	for _, x := range values(declare(t, 3, param.Constant(0.25), "w"), "w") {
		if x != 0.25 {
			t.Fatalf("constant is %v", x)
		}
	}
}

// TestOrthogonal: rows, or columns if there are fewer of them, have length gain and are
// orthogonal, for any shape.
func TestOrthogonal(t *testing.T) {
	const gain = 1.5
	for _, shape := range []tensor.Shape{{20, 30}, {30, 20}, {7, 7}, {8, 3, 3, 3}, {64, 3, 5, 5}, {1, 9}, {9, 1}} {
		set := param.NewSet(5)
		p, err := set.Declare("w", shape, param.Weight, param.Orthogonal(gain))
		if err != nil {
			t.Fatal(err)
		}
		set.Seal()
		rows, cols := shape[0], shape.TotalSize()/shape[0]
		at := func(vector, i int) float64 {
			if rows > cols {
				vector, i = i, vector
			}
			return float64(p.Values()[vector*cols+i])
		}
		for a := range min(rows, cols) {
			for b := range a + 1 {
				var product, want float64
				for i := range max(rows, cols) {
					product += at(a, i) * at(b, i)
				}
				if a == b {
					want = gain * gain
				}
				if math.Abs(product-want) > 1e-6 { // rounding to float32
					t.Errorf("%v: product of vectors %d and %d is %v, want %v", shape, a, b, product, want)
				}
			}
		}
	}
}

func TestDeclare(t *testing.T) {
	set := param.NewSet(1)
	shape := tensor.Shape{2, 3}
	p, err := set.Declare("w", shape, param.Weight, param.Constant(1))
	if err != nil {
		t.Fatal(err)
	}
	shape[0] = 9 // the caller's own
	again, err := set.Declare("w", tensor.Shape{2, 3}, param.Weight, param.Constant(2))
	if err != nil || again != p {
		t.Errorf("declared again: %v, error %v", again, err)
	}
	if _, err := set.Declare("w", tensor.Shape{3, 2}, param.Weight, param.Constant(1)); err == nil || !strings.Contains(err.Error(), "w: declared with shape (2, 3)") {
		t.Errorf("another shape: error %v", err)
	}
	set.Seal()
	if _, err := set.Declare("v", tensor.Shape{1}, param.Weight, param.Constant(1)); err == nil || !strings.Contains(err.Error(), "no parameter of this name") {
		t.Errorf("a new name after Seal: error %v", err)
	}
	if set.Param("v") != nil || set.Param("w") != p {
		t.Error("Param does not find what was declared, and only that")
	}
}

// TestFlat: parameters are ranges of one vector in the order of declaration, and buffers follow
// after all parameters.
func TestFlat(t *testing.T) {
	set := param.NewSet(1)
	for i, d := range []struct {
		n    int
		role param.Role
	}{{3, param.Weight}, {4, param.Buffer}, {5, param.NoDecay}, {2, param.Weight}} {
		if _, err := set.Declare(fmt.Sprint("p", i), tensor.Shape{d.n}, d.role, param.Constant(float32(i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := set.Declare("p0", tensor.Shape{3}, param.NoDecay, param.Constant(0)); err == nil || !strings.Contains(err.Error(), "two roles") {
		t.Errorf("another role: error %v", err)
	}
	set.Seal()
	if want := []float32{0, 0, 0, 2, 2, 2, 2, 2, 3, 3, 1, 1, 1, 1}; !slices.Equal(set.Values(), want) || set.Len() != 10 {
		t.Errorf("flat values %v with %d parameters, want %v and 10", set.Values(), set.Len(), want)
	}
	if params, all := set.Params(), set.All(); len(params) != 3 || len(all) != 4 || all[3].Name != "p1" || params[1].Name != "p2" {
		t.Errorf("%d parameters, %d with buffers", len(params), len(all))
	}
	set.Freeze(func(p *param.Param) bool { return p.Name == "p2" })
	want := []param.Group{{Name: "p0", From: 0, To: 3, Decays: true}, {Name: "p2", From: 3, To: 8, Frozen: true}, {Name: "p3", From: 8, To: 10, Decays: true}}
	if got := set.Groups(); !slices.Equal(got, want) {
		t.Errorf("groups %+v, want %+v", got, want)
	}
	set.Update(func(v []float32) { v[4] = 7 })
	if got := set.Param("p2").Values()[1]; got != 7 || set.Param("p2").Tensor().Float32s()[1] != 7 {
		t.Errorf("the view of p2 holds %v", got)
	}
	flat := slices.Clone(set.Values())
	flat[13] = 9
	if err := set.Load(flat); err != nil || set.Param("p1").Slice(set.Values())[3] != 9 {
		t.Errorf("loaded %v, error %v", set.Values(), err)
	}
	if err := set.Load(flat[:10]); err == nil {
		t.Error("a vector without buffers was loaded")
	}
}

// TestFilter: there is one filter for a convolution's weights. It follows their values, also if
// a change panics halfway.
func TestFilter(t *testing.T) {
	set := param.NewSet(1)
	p, err := set.Declare("w", tensor.Shape{1, 1, 3, 3}, param.Weight, param.Constant(1))
	if err != nil {
		t.Fatal(err)
	}
	set.Seal()
	filter := p.Filter()
	size := conv.Shape{N: 1, C: 1, H: 3, W: 3, O: 1, Kernel: 3, Stride: 1, Padding: 1}
	centre := func() float32 {
		y := make([]float32, 9)
		conv.Forward(y, []float32{1, 1, 1, 1, 1, 1, 1, 1, 1}, filter, size, conv.Epilogue{Bias: []float32{0}})
		return y[4]
	}
	for i, change := range []func(v []float32){
		func(v []float32) { v[0] = 1 },
		func(v []float32) { v[0] = 11 },
		func(v []float32) { v[0] = 21; panic("halfway") },
	} {
		func() {
			defer func() { _ = recover() }()
			set.Update(change)
		}()
		if got, want := centre(), float32(9+10*i); math.Abs(float64(got-want)) > 1e-5 || p.Filter() != filter {
			t.Errorf("change %d: the sum is %v, want %v", i, got, want)
		}
	}
	if err := set.Load(make([]float32, 9)); err != nil || centre() != 0 {
		t.Errorf("loaded zeros: the sum is %v, error %v", centre(), err)
	}
}
