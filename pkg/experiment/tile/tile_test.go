package tile

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// TestCut: tiles cover their side and overlap as requested, and their shares add up to one. The shortest
// tiles are equally many; still shorter ones are more.
func TestCut(t *testing.T) {
	for _, step := range []int{1, 4} {
		for _, side := range []int{32, 48, 64} {
			for length := side; length < 6*side; length += step * 3 {
				for _, ramped := range []bool{false, true} {
					overlap, ramp := 8, 0
					if ramped {
						overlap = roundUp(side/3, step)
						ramp = overlap * 3 / 4
					}
					a := cut(length, side, overlap, ramp, step)
					if ramp != a.ramp && len(a.at) > 1 {
						t.Errorf("side %d of %d, step %d: a ramp of %d in place of %d", side, length, step, a.ramp, ramp)
					}
					if a.at[0] != 0 || a.at[len(a.at)-1]+side != length || a.overlap() < overlap {
						t.Fatalf("side %d of %d, step %d, overlap %d: tiles at %v", side, length, step, overlap, a.at)
					}
					for _, scale := range []int{1, 2} {
						checkShares(t, a, length, scale)
					}
					short := shortest(length, side, overlap, step)
					b := cut(length, short, overlap, 0, step)
					one := cut(length, short-step, overlap, 0, step)
					if short%step != 0 || len(b.at) != len(a.at) || b.overlap() < overlap || len(a.at) > 1 && len(one.at) == len(a.at) {
						t.Fatalf("side %d of %d, step %d, overlap %d: shortest is %d, tiles at %v", side, length, step, overlap, short, b.at)
					}
				}
			}
		}
	}
}

func checkShares(t *testing.T, a axis, length, scale int) {
	t.Helper()
	sums := make([]float32, length*scale)
	for i, at := range a.at {
		if at < 0 || i > 0 && at <= a.at[i-1] {
			t.Fatalf("tiles at %v", a.at)
		}
		for k, w := range a.weights(i, scale) {
			p := at*scale + k
			sums[p] += w
			if i > 0 && w != 0 && p < a.settled(i-1, scale) {
				t.Fatalf("tile %d at %v adds to pixel %d, which was settled", i, a.at, p)
			}
		}
	}
	for p, s := range sums {
		if math.Abs(float64(s-1)) > 1e-6 {
			t.Fatalf("tiles at %v of side %d, scale %d: the shares at pixel %d add up to %v", a.at, a.side, scale, p, s)
		}
	}
}

func open(t *testing.T, data []byte, runtime string) *session.Session {
	t.Helper()
	s, err := session.Load("small.onnx", data, session.Options{Runtime: runtime})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// smooth returns a picture without noise, so that the effect of tiles is visible.
func smooth(h, w int) pixel.Images {
	x := pixel.NewImages(1, 3, h, w)
	for c := range 3 {
		for y := range h {
			for k := range w {
				x.Data[(c*h+y)*w+k] = float32(math.Sin(float64(y+c)/9) * math.Cos(float64(k)/13))
			}
		}
	}
	r := random.New(3)
	for i := range x.Data {
		x.Data[i] += 0.1 * r.Normal()
	}
	return x
}

func run(t *testing.T, r *Runner, x pixel.Images) []float32 {
	t.Helper()
	s := r.Session.Scale
	y := make([]float32, len(x.Data)*s*s)
	next := 0
	err := r.Run(t.Context(), Of(x), []float32{0.7}, func(planes [][]float32, row, rows int) {
		if row != next {
			t.Errorf("row %d after row %d", row, next-1)
		}
		next = row + rows
		for c, p := range planes {
			copy(y[(c*x.H*s+row)*x.W*s:], p[:rows*x.W*s])
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if next != x.H*s {
		t.Errorf("%d rows of %d", next, x.H*s)
	}
	return y
}

// TestExact: if the receptive field of a network is bounded, the result of tiles
// is that of the whole picture, bit for bit, in every runtime.
func TestExact(t *testing.T) {
	for name, data := range map[string][]byte{
		"espcn":  sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")),
		"smooth": sessiontest.Smooth(t),
	} {
		for _, runtime := range []string{session.Auto, session.OnnxGo} {
			s := open(t, data, runtime)
			for _, size := range [][2]int{{61, 83}, {40, 17}, {33, 120}} {
				x := smooth(size[0], size[1])
				whole := run(t, &Runner{Session: s, Memory: 1 << 30}, x)
				for _, side := range []int{8, 24, 32} {
					r := &Runner{Session: s, Side: side}
					plan, err := r.Plan(x.H, x.W)
					if err != nil || plan.Whole() || !plan.Exact {
						t.Fatalf("%+v, %v", plan, err)
					}
					for i, v := range run(t, r, x) {
						if v != whole[i] {
							t.Fatalf("%s in %s, %v, tiles of %d: element %d is %v, %v as a whole", name, s.Runtime, size, side, i, v, whole[i])
						}
					}
				}
			}
		}
	}
}

// TestBlended: networks that normalise give each tile its own statistics. The
// result is still close to that of the whole picture, and has no seams.
func TestBlended(t *testing.T) {
	for name, n := range map[string][]byte{
		"resnet": sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("denoising")),
		"unet":   sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")),
	} {
		s := open(t, n, session.Auto)
		x := smooth(150, 131) // sides that are not multiples of anything
		whole := run(t, &Runner{Session: s, Memory: 1 << 30}, x)
		r := &Runner{Session: s, Side: 64}
		tiled := run(t, r, x)
		plan, err := r.Plan(x.H, x.W)
		if err != nil || plan.Exact || plan.Tiles < 9 {
			t.Fatalf("%+v, %v", plan, err)
		}
		var error2, spread2, mean float64
		for _, v := range whole {
			mean += float64(v) / float64(len(whole))
		}
		for i, v := range whole {
			error2 += math.Pow(float64(v-tiled[i]), 2)
			spread2 += math.Pow(float64(v)-mean, 2)
		}
		relative := math.Sqrt(error2 / spread2)
		t.Logf("%s: tiles differ by %.3f of the picture's standard deviation", name, relative)
		if relative > 0.5 {
			t.Errorf("%s: tiles differ by %.3f of the picture's standard deviation", name, relative)
		}
		// Across the lines between tiles, the difference to the whole picture
		// changes no more than elsewhere.
		if at, elsewhere := jumps(plan, tiled, whole, x.H, x.W); at > 2*elsewhere {
			t.Errorf("%s: steps of %v from one tile to the next, %v elsewhere", name, at, elsewhere)
		}
	}
}

// jumps returns the mean change of the difference between two pictures from one
// column to the next: where ramps begin and end, and everywhere.
func jumps(p Plan, a, b []float32, h, w int) (at, all float64) {
	edges := map[int]bool{}
	for i := range len(p.across.at) - 1 {
		middle := p.across.middle(i, 1)
		for d := -1; d <= 1; d++ {
			edges[middle-p.across.ramp/2+d], edges[middle+p.across.ramp/2+d] = true, true
		}
	}
	counts := [2]int{}
	for y := range 3 * h {
		for x := 1; x < w; x++ {
			i := y*w + x
			d := math.Abs(float64((a[i] - b[i]) - (a[i-1] - b[i-1])))
			all += d
			counts[1]++
			if edges[x] {
				at += d
				counts[0]++
			}
		}
	}
	return at / float64(counts[0]), all / float64(counts[1])
}

// TestMemory: a picture that does not fit the memory is divided into tiles; if no
// tile is small enough, there is an error.
func TestMemory(t *testing.T) {
	s := open(t, sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")), session.OnnxGo)
	for _, c := range []struct {
		memory int64
		h, w   int
		whole  bool
	}{
		{1 << 30, 64, 64, true}, {1 << 20, 640, 320, false}, {1 << 22, 4000, 6000, false},
		{1 << 22, 1000, 1000, false}, // attention with too large shapes
	} {
		p, err := (&Runner{Session: s, Memory: c.memory}).Plan(c.h, c.w)
		if err != nil || p.Whole() != c.whole {
			t.Errorf("%+v: %+v, %v", c, p, err)
			continue
		}
		if bytes, err := s.Memory(p.TileH, p.TileW); err != nil || bytes > c.memory || p.TileH%4 != 0 || p.TileW%4 != 0 {
			t.Errorf("%d bytes allowed: tiles of %dx%d take %d (%v)", c.memory, p.TileW, p.TileH, bytes, err)
		}
	}
	if _, err := (&Runner{Session: s, Memory: 1000}).Plan(100, 100); err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("no memory: %v", err)
	}
}

// TestSizes: pictures of any size, down to one pixel, with networks that need multiples
// or only one size.
func TestSizes(t *testing.T) {
	fixed := sessiontest.Model(sessiontest.Signed("denoising"), []*onnx.Node{{Op: "Tanh", Inputs: []string{"x"}, Outputs: []string{"y"}}},
		onnx.Fixed(1), onnx.Fixed(16), onnx.Fixed(24))
	for name, data := range map[string][]byte{
		"unet":  sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")),
		"fixed": sessiontest.Encode(t, fixed),
	} {
		r := &Runner{Session: open(t, data, session.OnnxGo), Memory: 1 << 30}
		for _, size := range [][2]int{{1, 1}, {1, 50}, {3, 2}, {17, 25}, {40, 61}} {
			x := smooth(size[0], size[1])
			y := run(t, r, x)
			if name == "fixed" {
				for i, v := range y {
					if math.Abs(float64(v)-math.Tanh(float64(x.Data[i]))) > 1e-5 {
						t.Fatalf("%v: element %d is %v", size, i, v)
					}
				}
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	r := &Runner{Session: open(t, sessiontest.Smooth(t), session.Auto), Side: 16}
	ctx, cancel := context.WithCancel(t.Context())
	tiles := 0
	err := r.Run(ctx, Of(smooth(64, 64)), []float32{1}, func([][]float32, int, int) {}, func(done, _ int) {
		if tiles = done; done == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || tiles != 2 {
		t.Errorf("%v after %d tiles", err, tiles)
	}
}
