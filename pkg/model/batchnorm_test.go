package model_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// normalised is a network with a batch normalisation.
type normalised struct{}

func (normalised) Name() string    { return "normalised" }
func (normalised) Conditions() int { return 0 }
func (normalised) Scale() int      { return 1 }
func (normalised) Multiple() int   { return 1 }

func (normalised) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	c := x.Shape()[1]
	h := b.BatchNorm("bn", b.Conv("open", x, layer.Conv{Out: 4, Kernel: 3, NoBias: true}))
	return b.Conv("close", b.Activate(h, layer.SiLU), layer.Conv{Out: c, Kernel: 3})
}

func newNormalised(t *testing.T) *model.Model {
	t.Helper()
	params, err := network.Parameters(normalised{}, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	return model.New(normalised{}, params, op.MSE)
}

func pictures(n int, seed uint64) mesh.Batch {
	b := mesh.Batch{Input: pixel.NewImages(n, 3, 8, 8), Target: pixel.NewImages(n, 3, 8, 8), Samples: make([]uint64, n)}
	r := random.New(seed)
	r.Normals(b.Input.Data)
	r.Normals(b.Target.Data)
	return b
}

// TestBatchStatistics: batch normalisation uses the statistics of each part alone. Neither the other parts nor the memory
// budget change a gradient.
func TestBatchStatistics(t *testing.T) {
	gradients := func(memory int64, parts ...mesh.Part) []float32 {
		m := newNormalised(t)
		m.Memory = memory
		g := make([]float32, m.Params.Len())
		for _, p := range parts {
			if err := m.Gradients(t.Context(), [][]float32{g}, []mesh.Part{p}, true); err != nil {
				t.Fatal(err)
			}
		}
		return g
	}
	a, b := mesh.Part{Batch: pictures(4, 1), Weight: 1}, mesh.Part{Batch: pictures(3, 2), Weight: -1}
	apart := gradients(model.DefaultMemory, a, b)
	if !slices.Equal(gradients(1, a, b), apart) {
		t.Error("the memory budget changes the gradient")
	}
	m := newNormalised(t)
	together := make([]float32, m.Params.Len())
	parts := []mesh.Part{a, b}
	if err := m.Gradients(t.Context(), [][]float32{together}, parts, false); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(together, apart) {
		t.Error("another part changes the gradient")
	}
	if parts[0].Loss == 0 || parts[1].Loss == 0 {
		t.Errorf("losses %v and %v", parts[0].Loss, parts[1].Loss)
	}
}

// TestRunningStatistics: running statistics follow the parts with Follow set, and Apply normalises with them.
func TestRunningStatistics(t *testing.T) {
	m := newNormalised(t)
	mean, variance := m.Params.Param("bn.running_mean"), m.Params.Param("bn.running_var")
	if mean == nil || variance == nil || m.Params.Len() != m.Params.Param("close.bias").Offset+3 {
		t.Fatal("the running statistics are no buffers behind the parameters")
	}
	g := make([]float32, m.Params.Len())
	part := mesh.Part{Batch: pictures(4, 1), Weight: 1}
	if err := m.Gradients(t.Context(), [][]float32{g}, []mesh.Part{part}, false); err != nil {
		t.Fatal(err)
	}
	if mean.Values()[0] != 0 || variance.Values()[0] != 1 {
		t.Errorf("a part that does not say so changes the statistics: %v, %v", mean.Values(), variance.Values())
	}
	apply := func() []float32 {
		y := make([]float32, len(part.Batch.Input.Data))
		if err := m.Apply(t.Context(), y, part.Batch.Input, nil); err != nil {
			t.Fatal(err)
		}
		return y
	}
	before := apply()
	part.Follow = true
	for range 60 { // (1-momentum)^60 is 0.002
		if err := m.Gradients(t.Context(), [][]float32{g}, []mesh.Part{part}, false); err != nil {
			t.Fatal(err)
		}
	}
	after := apply()
	if slices.Equal(before, after) {
		t.Error("Apply does not use the running statistics")
	}
	// The running statistics have converged to those of the batch, so that both give nearly the same loss.
	var loss float64
	for i, y := range after {
		d := float64(y) - float64(part.Batch.Target.Data[i])
		loss += d * d / float64(len(after))
	}
	parts := []mesh.Part{part}
	if err := m.Gradients(t.Context(), [][]float32{g}, parts, false); err != nil {
		t.Fatal(err)
	}
	if math.Abs(loss-parts[0].Loss) > 1e-2*loss {
		t.Errorf("loss %v with running statistics, %v with the batch's", loss, parts[0].Loss)
	}
}

// TestFrozenStatistics: frozen running statistics keep their bits, and do not change the gradients of
// learned parameters.
func TestFrozenStatistics(t *testing.T) {
	free, frozen := newNormalised(t), newNormalised(t)
	frozen.Params.Freeze(func(p *param.Param) bool { return strings.HasPrefix(p.Name, "bn.") })
	var gradients [2][]float32
	for i, m := range []*model.Model{free, frozen} {
		gradients[i] = make([]float32, m.Params.Len())
		parts := []mesh.Part{{Batch: pictures(4, 1), Weight: 1, Follow: true}}
		if err := m.Gradients(t.Context(), [][]float32{gradients[i]}, parts, false); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range free.Params.All() {
		other := frozen.Params.Param(p.Name)
		switch buffer := p.Role == param.Buffer; {
		case buffer && (slices.Equal(p.Values(), other.Values()) || other.Values()[0] != map[string]float32{"bn.running_mean": 0, "bn.running_var": 1}[p.Name]):
			t.Errorf("%s is %v, frozen %v", p.Name, p.Values(), other.Values())
		case !buffer && !other.Frozen() && !slices.Equal(p.Slice(gradients[0]), other.Slice(gradients[1])):
			t.Errorf("%s has another gradient", p.Name)
		}
	}
}
