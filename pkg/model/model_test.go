package model_test

import (
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/graph"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/kernel/pointwise/kerneltest"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

func batch(n, side int, seed uint64) mesh.Batch {
	r := random.New(seed)
	b := mesh.Batch{Input: pixel.NewImages(n, 3, side, side), Target: pixel.NewImages(n, 3, side, side),
		T: make([]float32, n), Samples: make([]uint64, n)}
	r.Normals(b.Input.Data)
	r.Normals(b.Target.Data)
	r.Uniforms(b.T)
	for i := range b.Samples {
		b.Samples[i] = uint64(i)
	}
	return b
}

func newModel(t testing.TB, n network.Network) *model.Model {
	t.Helper()
	set, err := network.Parameters(n, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Some parameters are zero at first, so that the gradients of others would be zero.
	r := random.New(2)
	set.Update(func(values []float32) {
		for i := range values {
			values[i] += 0.03 * r.Normal()
		}
	})
	return model.New(n, set, op.MSE)
}

func smallUNet() network.UNet {
	u := network.NewUNet()
	u.Base, u.Multipliers, u.Attention, u.Heads = 16, []int{1, 2}, []int{2}, 2
	return u
}

// TestGradientDirection compares the gradient with the difference quotient of the loss along
// the gradient itself. In this direction the rounding of the float32 loss matters least.
func TestGradientDirection(t *testing.T) {
	for _, n := range []network.Network{
		network.ResNet{Out: 3, Hidden: 16, Blocks: 2, Time: true},
		network.ResNet{Out: 3, Hidden: 10, Blocks: 1},
		smallUNet(),
		network.Folded{Widths: []int{8, 12, 16}, Blocks: 2},
		network.EDSR{Width: 8, Blocks: 2, Factor: 1},
	} {
		m := newModel(t, n)
		b := batch(3, 8, 5)
		g := make([]float32, m.Params.Len())
		if _, err := m.AddGradient(t.Context(), g, b, 9); err != nil {
			t.Fatal(err)
		}
		norm := math.Sqrt(pointwise.SquaredNorm(g))
		const step = 5e-3
		at := func(h float64) float64 {
			move := func(by float64) {
				m.Params.Update(func(values []float32) { pointwise.Axpy(values, float32(by/norm), g) })
			}
			move(h)
			loss, err := m.AddGradient(t.Context(), make([]float32, len(g)), b, 9)
			if err != nil {
				t.Fatal(err)
			}
			move(-h)
			return loss
		}
		got := (at(step) - at(-step)) / (2 * step)
		if rel := math.Abs(got-norm) / norm; rel > 2e-3 {
			t.Errorf("%s: slope along the gradient %g, norm of the gradient %g: relative difference %g", n.Name(), got, norm, rel)
		}
	}
}

// TestParts: parts that are evaluated together give the weighted sum of their gradients, and
// their own losses, for any memory budget and with dropout.
func TestParts(t *testing.T) {
	// rounding of sums in another order, as a fraction of the gradient's length.
	const rounding = 1e-5
	for _, n := range []network.Network{network.ResNet{Out: 3, Hidden: 10, Blocks: 1}, smallUNet()} {
		m := newModel(t, n)
		parts := []mesh.Part{{Batch: batch(5, 8, 1), Weight: 1, Key: 3}, {Batch: batch(4, 8, 2), Weight: -2, Key: 4}, {Batch: batch(1, 8, 3), Weight: 0.5, Key: 3}}
		want := make([]float32, m.Params.Len())
		var losses []float64
		for _, p := range parts {
			g := make([]float32, len(want))
			loss, err := m.AddGradient(t.Context(), g, p.Batch, p.Key)
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, loss)
			pointwise.Axpy(want, float32(p.Weight), g)
		}
		perImage, err := m.Bytes(1, 3, 8, 8, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, images := range []int64{100, 3, 1} {
			m := model.New(n, m.Params, op.MSE)
			m.Memory = images * perImage
			got := make([]float32, len(want))
			if err := m.Gradients(t.Context(), [][]float32{got}, parts, true); err != nil {
				t.Fatal(err)
			}
			diff := slices.Clone(got)
			pointwise.Axpy(diff, -1, want)
			if rel := math.Sqrt(pointwise.SquaredNorm(diff) / pointwise.SquaredNorm(want)); !(rel < rounding) {
				t.Errorf("%s, %d images at once: the gradient is off by %g of its length", n.Name(), images, rel)
			}
			for i, p := range parts {
				if math.Abs(p.Loss-losses[i]) > rounding*losses[i] {
					t.Errorf("%s, %d images at once: loss %g, want %g", n.Name(), images, p.Loss, losses[i])
				}
			}
		}
	}
}

// TestShares: a batch that is cut into parts, each with Of set to the size of the batch, gives
// the gradient and the loss of the whole batch, also with dropout.
func TestShares(t *testing.T) {
	const rounding = 1e-5 // of sums in another order, as a fraction of the gradient's length
	m := newModel(t, smallUNet())
	whole := batch(7, 8, 1)
	want := make([]float32, m.Params.Len())
	loss, err := m.AddGradient(t.Context(), want, whole, 3)
	if err != nil {
		t.Fatal(err)
	}
	parts := []mesh.Part{
		{Batch: whole.Slice(0, 3), Of: 7, Weight: 1, Key: 3}, {Batch: whole.Slice(3, 3), Of: 7, Weight: 1, Key: 3},
		{Batch: whole.Slice(3, 7), Of: 7, Weight: 1, Key: 3},
	}
	got := make([]float32, len(want))
	if err := m.Gradients(t.Context(), [][]float32{got}, parts, false); err != nil {
		t.Fatal(err)
	}
	pointwise.Axpy(got, -1, want)
	if rel := math.Sqrt(pointwise.SquaredNorm(got) / pointwise.SquaredNorm(want)); !(rel < rounding) {
		t.Errorf("the gradient is off by %g of its length", rel)
	}
	if sum := parts[0].Loss + parts[1].Loss + parts[2].Loss; math.Abs(sum-loss) > rounding*loss {
		t.Errorf("the losses add up to %g, want %g", sum, loss)
	}
}

// TestApplyParts: the restored picture does not depend on the number of pictures in the batch, which differs
// between ranks.
func TestApplyParts(t *testing.T) {
	const images = 13
	for _, n := range []network.Network{
		network.NewUNet(), network.NewResNet(), network.NewDnCNN(), network.NewFolded(), network.NewNAFNet(), network.NewSRNet(), network.NewESPCN(), network.NewEDSR(),
	} {
		m := newModel(t, n)
		for _, side := range []int{8, 16} {
			if side%n.Multiple() != 0 {
				continue
			}
			b := batch(images, side, 5)
			per := 3 * n.Scale() * n.Scale() * side * side
			restore := func(cuts ...int) []float32 {
				y := make([]float32, images*per)
				for i, lo := range cuts[:len(cuts)-1] {
					part := b.Slice(lo, cuts[i+1])
					if err := m.Apply(t.Context(), y[lo*per:], part.Input, part.T); err != nil {
						t.Fatal(err)
					}
				}
				return y
			}
			if !slices.Equal(restore(0, images), restore(0, 1, 4, 5, images)) {
				t.Errorf("%s at side %d: pictures in parts are restored differently", n.Name(), side)
			}
		}
	}
}

// TestDestinations: each destination gets the same bytes as from its parts alone, whether the
// parts are evaluated together or not. A destination without parts gets zeros.
func TestDestinations(t *testing.T) {
	for name, tc := range map[string]struct {
		network network.Network
		side    int
		memory  int64
	}{
		"unet":         {smallUNet(), 8, model.DefaultMemory},
		"in turn":      {smallUNet(), 8, 1},
		"resnet":       {network.ResNet{Out: 3, Hidden: 10, Blocks: 1, Time: true}, 8, model.DefaultMemory},
		"large groups": {network.ResNet{Out: 3, Hidden: 10, Blocks: 1, Time: true}, 64, model.DefaultMemory}, // the norm's work is cut by the number of samples
		"nafnet":       {network.NAFNet{Width: 8, Blocks: []int{1}, Middle: 1, Up: []int{1}}, 8, model.DefaultMemory},
	} {
		t.Run(name, func(t *testing.T) { testDestinations(t, tc.network, tc.side, tc.memory) })
	}
}

func testDestinations(t *testing.T, n network.Network, side int, memory int64) {
	m := newModel(t, n)
	m.Memory = memory
	parts := []mesh.Part{
		{Batch: batch(4, side, 1), Weight: 1, Key: 3, Destination: 2}, {Batch: batch(2, side, 2), Weight: -1, Key: 4},
		{Batch: batch(3, side, 3), Weight: 2, Key: 5, Destination: 2},
	}
	dst := make([][]float32, 3)
	for d := range dst {
		dst[d] = make([]float32, m.Params.Len())
		dst[d][0], dst[d][len(dst[d])-1] = float32(math.NaN()), 5
	}
	if err := m.Gradients(t.Context(), dst, parts, false); err != nil {
		t.Fatal(err)
	}
	for d, alone := range [][]mesh.Part{{parts[1]}, nil, {parts[0], parts[2]}} {
		want := make([]float32, m.Params.Len())
		for i := range alone {
			alone[i].Destination = 0
		}
		if err := m.Gradients(t.Context(), [][]float32{want}, alone, false); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(dst[d], want) {
			t.Errorf("destination %d: the gradient differs", d)
		}
		for i := range alone {
			if !slices.ContainsFunc(parts, func(p mesh.Part) bool { return p.Loss == alone[i].Loss && p.Loss > 0 }) {
				t.Errorf("destination %d: the loss is not %g", d, alone[i].Loss)
			}
		}
	}
	parts[1].Destination = 3
	if err := m.Gradients(t.Context(), dst, parts, false); err == nil || !strings.Contains(err.Error(), "destination 3 of 3") {
		t.Errorf("error %v", err)
	}
}

// TestWrongBatch: a batch that does not fit the network is an error.
func TestWrongBatch(t *testing.T) {
	m := newModel(t, smallUNet())
	noTime, smallTarget := batch(2, 8, 1), batch(2, 8, 1)
	noTime.T = nil
	smallTarget.Target = pixel.NewImages(2, 3, 4, 4)
	for name, b := range map[string]mesh.Batch{"side": batch(2, 7, 1), "target": smallTarget, "t": noTime} {
		if _, err := m.AddGradient(t.Context(), make([]float32, m.Params.Len()), b, 0); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestSteadyState: after the first runs of its graphs, a gradient allocates nothing on the
// heap, on any mesh.
func TestSteadyState(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection would empty the kernels' pools
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))  // on several cores the pools may grow at any time
	for _, n := range []network.Network{network.ResNet{Out: 3, Hidden: 10, Blocks: 1, Time: true}, smallUNet()} {
		m := newModel(t, n)
		g := make([]float32, m.Params.Len())
		var meshes [][]mesh.Part
		for _, side := range []int{16, 8} {
			meshes = append(meshes, []mesh.Part{{Batch: batch(4, side, 1), Weight: 1}, {Batch: batch(2, side, 2), Weight: -1}})
		}
		step := func() {
			for _, parts := range meshes {
				if err := m.Gradients(t.Context(), [][]float32{g}, parts, true); err != nil {
					t.Fatal(err)
				}
			}
			m.Params.Update(func([]float32) {})
		}
		for range 3 {
			step()
		}
		kerneltest.NoAllocations(t, step)
	}
}

// TestOverwrites: without add, the vector's old content has no influence, for any number of
// micro-batches.
func TestOverwrites(t *testing.T) {
	for _, memory := range []int64{model.DefaultMemory, 1} {
		m := newModel(t, smallUNet())
		m.Memory = memory
		parts := []mesh.Part{{Batch: batch(4, 8, 1), Weight: 1, Key: 3}, {Batch: batch(2, 8, 2), Weight: -1, Key: 4}}
		want, got := make([]float32, m.Params.Len()), make([]float32, m.Params.Len())
		for i := range got {
			got[i] = float32(math.NaN())
		}
		if err := m.Gradients(t.Context(), [][]float32{want}, parts, true); err != nil {
			t.Fatal(err)
		}
		if err := m.Gradients(t.Context(), [][]float32{got}, parts, false); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("memory %d: the gradients depend on the old content", memory)
		}
		if err := m.Gradients(t.Context(), [][]float32{got}, nil, false); err != nil || slices.Max(got) != 0 || slices.Min(got) != 0 {
			t.Errorf("no batch: %v, not zeros", err)
		}
	}
}

// TestDirectGradients: gradients that operations write or add directly to their targets have
// the same bits as those that are copied or added afterwards. DetectAnomaly selects the latter.
func TestDirectGradients(t *testing.T) {
	for _, memory := range []int64{model.DefaultMemory, 1} {
		var got [2][]float32
		for i := range got {
			m := newModel(t, smallUNet())
			m.Memory, m.DetectAnomaly = memory, i > 0
			got[i] = make([]float32, m.Params.Len())
			for j := range 3 {
				parts := []mesh.Part{{Batch: batch(4, 8, uint64(j)), Weight: 1, Key: 3}}
				if err := m.Gradients(t.Context(), [][]float32{got[i]}, parts, j != 1); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !slices.Equal(got[0], got[1]) {
			t.Errorf("memory %d: the gradients differ", memory)
		}
	}
}

// TestFrozen: the gradient of a frozen parameter is zero, for any old content of the vector, and
// the gradients of the others do not change.
func TestFrozen(t *testing.T) {
	for _, n := range []network.Network{smallUNet(), network.ResNet{Out: 3, Hidden: 10, Blocks: 2, Time: true}} {
		all, some := newModel(t, n), newModel(t, n)
		params := some.Params.Params()
		frozen := func(i int) bool { return i < len(params)/2 || i%5 == 0 } // whole layers, and single tensors
		some.Params.Freeze(func(p *param.Param) bool { return frozen(slices.Index(params, p)) })
		parts := []mesh.Part{{Batch: batch(4, 8, 1), Weight: 1, Key: 3}}
		want, got := make([]float32, all.Params.Len()), make([]float32, all.Params.Len())
		for i := range got {
			got[i] = float32(math.NaN())
		}
		if err := all.Gradients(t.Context(), [][]float32{want}, parts, false); err != nil {
			t.Fatal(err)
		}
		if err := some.Gradients(t.Context(), [][]float32{got}, parts, false); err != nil {
			t.Fatal(err)
		}
		for i, p := range params {
			if frozen(i) {
				clear(p.Slice(want))
			}
			if !slices.Equal(p.Slice(got), p.Slice(want)) {
				t.Errorf("%s: the gradient of %s differs, frozen: %v", n.Name(), p.Name, frozen(i))
			}
		}
		some = newModel(t, n)
		some.Params.Freeze(func(*param.Param) bool { return true })
		if err := some.Gradients(t.Context(), [][]float32{got}, parts, false); err == nil || !strings.Contains(err.Error(), "all are frozen") {
			t.Errorf("%s: error %v", n.Name(), err)
		}
	}
}

// TestSharedArena: models that alternate in one arena, which grows, compute the same gradients
// as with arenas of their own.
func TestSharedArena(t *testing.T) {
	var arena graph.Arena
	networks := []network.Network{smallUNet(), network.NewESPCN()}
	var alone, shared [2]*model.Model
	for i, n := range networks {
		alone[i], shared[i] = newModel(t, n), newModel(t, n)
		shared[i].Arena = &arena
	}
	for _, side := range []int{8, 16, 8} {
		for i, n := range networks {
			b := batch(2, side, 1)
			b.Target = batch(2, n.Scale()*side, 2).Input
			var gradients [2][]float32
			for j, m := range []*model.Model{alone[i], shared[i]} {
				gradients[j] = make([]float32, m.Params.Len())
				if _, err := m.AddGradient(t.Context(), gradients[j], b, 3); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(gradients[0], gradients[1]) {
				t.Errorf("%s, side %d: the gradient differs", n.Name(), side)
			}
		}
	}
	if least := alone[0].Arena.Bytes(); arena.Bytes() < least {
		t.Errorf("%d bytes are shared, one model alone has %d", arena.Bytes(), least)
	}
}

// TestMicroBatchFillsTheBudget: memory that does not depend on the size of the batch must not be
// counted for each image. For the UNet this is the gradients of its weights, 10 MB.
func TestMicroBatchFillsTheBudget(t *testing.T) {
	n := network.NewUNet()
	m := newModel(t, n)
	for _, budget := range []int64{32 << 20, 64 << 20, 256 << 20} {
		for _, side := range []int{8, 16, 32} {
			m.Memory = budget
			micro, err := m.MicroBatch(3, side, side, true)
			if err != nil {
				t.Fatal(err)
			}
			bytes := func(images int) int64 {
				bytes, err := m.Bytes(images, 3, side, side, true)
				if err != nil {
					t.Fatal(err)
				}
				return bytes
			}
			if bytes(micro) > budget || bytes(micro+micro/16+1) <= budget {
				t.Errorf("side %d: %d images take %d bytes, a sixteenth more %d of %d", side, micro, bytes(micro), bytes(micro+micro/16+1), budget)
			}
		}
	}
}
