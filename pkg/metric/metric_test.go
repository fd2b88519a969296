package metric

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"multiscale/pkg/pixel"
)

// The pinned numbers below were computed elsewhere: in another language, in
// float64, SSIM with the two-dimensional window straight from its definition.
// The pictures are multiples of 1/64, exact in float32, so that nothing but the
// order of summation differs.
const pinnedTolerance = 1e-12

var pinnedShape = pixel.Shape{N: 2, C: 3, H: 8, W: 13} // rows fewer than the window has

func pinnedPictures() (a, b []float32) {
	for i := range pinnedShape.N * pinnedShape.Image() {
		v := (i*37 + 11) % 64
		a = append(a, float32(v)/64)
		b = append(b, float32(v+i*i%9-4)/64)
	}
	return a, b
}

// pixels brings a normalised batch to [0,1].
func pixels(x []float32, shape pixel.Shape, scale pixel.Scale) []float32 {
	return scale.Pixels(pixel.Images{Shape: shape, Data: x}).Data
}

func signed(x []float32) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = 2*v - 1
	}
	return out
}

func TestPinned(t *testing.T) {
	a, b := pinnedPictures()
	cases := []struct {
		name      string
		got, want []float64
	}{
		{"mse", MSE(a, b, pinnedShape), []float64{0.0022809933393429485, 0.0022739508213141025}},
		{"psnr", PSNR(a, b, pinnedShape), []float64{26.418759828911842, 26.432189320242145}},
		{"luma", PSNRLuma(a, b, pinnedShape, 0), []float64{32.267996671989984, 32.26094239271342}},
		{"luma inside", PSNRLuma(a, b, pinnedShape, 2), []float64{32.2998697277084, 32.2998697277084}},
		{"ssim", SSIM(a, b, pinnedShape), []float64{0.9911837345888941, 0.9911645853091815}},
		{"ssim signed", SSIM(signed(a), signed(b), pinnedShape), []float64{0.7089706665952641, 0.6564972759216746}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for i, want := range c.want {
				if d := math.Abs(c.got[i] - want); !(d <= pinnedTolerance*math.Abs(want)) {
					t.Errorf("picture %d: %v, want %v", i, c.got[i], want)
				}
			}
		})
	}
}

// TestRunning: a picture measured row by row, in pieces of any size, has the measures of
// the whole one, but for the order of sums.
func TestRunning(t *testing.T) {
	a, b := pinnedPictures()
	shape := pixel.Shape{N: 1, C: 3, H: pinnedShape.H, W: pinnedShape.W}
	size := shape.H * shape.W
	x, y := signed(a[:3*size]), signed(b[:3*size])
	pixels, clean := pixels(x, shape, pixel.Signed), pixels(y, shape, pixel.Signed)
	for _, border := range []int{0, 2} {
		want := []float64{MSE(x, y, shape)[0], PSNR(pixels, clean, shape)[0], PSNRLuma(pixels, clean, shape, border)[0], SSIM(pixels, clean, shape)[0]}
		for piece := 1; piece <= shape.H; piece++ {
			r := NewRunning(shape.H, shape.W, pixel.Signed, border)
			for row := 0; row < shape.H; row += piece {
				var got, of [3][]float32
				for c := range got {
					lo, hi := c*size+row*shape.W, c*size+min(row+piece, shape.H)*shape.W
					got[c], of[c] = x[lo:hi], y[lo:hi]
				}
				r.Add(got, of)
			}
			for i, got := range []float64{r.MSE(), r.PSNR(), r.PSNRLuma(), r.SSIM()} {
				if math.Abs(got-want[i]) > pinnedTolerance*math.Abs(want[i]) {
					t.Errorf("border %d, %d rows at once, measure %d: %v, want %v", border, piece, i, got, want[i])
				}
			}
		}
	}
}

// By hand: a constant difference of 0.1 is 20 dB; on luma it shrinks by the
// studio range, 219/255; a picture equals itself.
func TestByHand(t *testing.T) {
	shape := pixel.Shape{N: 1, C: 3, H: 4, W: 4}
	zero, tenth := make([]float32, 48), make([]float32, 48)
	for i := range tenth {
		tenth[i] = 0.1
	}
	// float32(0.1) is 1.5e-9 off 0.1, relatively 1.5e-8, in dB 1.3e-7.
	const tolerance = 2e-7
	if got := PSNR(tenth, zero, shape)[0]; math.Abs(got-20) > tolerance {
		t.Errorf("PSNR %v", got)
	}
	if got, want := PSNRLuma(tenth, zero, shape, 1)[0], 20-20*math.Log10(219.0/255); math.Abs(got-want) > tolerance {
		t.Errorf("luma PSNR %v, want %v", got, want)
	}
	if got := PSNR(tenth, tenth, shape)[0]; !math.IsInf(got, 1) {
		t.Errorf("PSNR of equal pictures %v", got)
	}
	if got := SSIM(tenth, tenth, shape)[0]; math.Abs(got-1) > pinnedTolerance {
		t.Errorf("SSIM of equal pictures %v", got)
	}
	tenth[7] = float32(math.NaN())
	if m, s := MSE(tenth, zero, shape)[0], SSIM(tenth, zero, shape)[0]; !math.IsNaN(m) || !math.IsNaN(s) {
		t.Errorf("NaN lost: MSE %v, SSIM %v", m, s)
	}
}

func TestPixels(t *testing.T) {
	shape := pixel.Shape{N: 1, C: 2, H: 1, W: 3}
	got := pixels([]float32{-3, 0, 3, -3, 0, 3}, shape, pixel.Scale{Mean: []float64{0.5, 0.25}, Std: []float64{0.125, 0.25}})
	if want := []float32{0.125, 0.5, 0.875, 0, 0.25, 1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMeter(t *testing.T) {
	a, b := pinnedPictures()
	var m Meter
	m.Add(signed(a), signed(b), pinnedShape, pixel.Signed)
	s := m.Summary()
	clamped := pixels(b, pinnedShape, pixel.Unit)
	want := Summary{
		MSE:        4 * Mean(MSE(a, b, pinnedShape)),
		PSNR:       Mean(PSNR(a, clamped, pinnedShape)),
		SSIM:       Mean(SSIM(a, clamped, pinnedShape)),
		SSIMSigned: Mean(SSIM(signed(a), signed(b), pinnedShape)),
	}
	if s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	if !math.IsNaN(new(Meter).Summary().MSE) {
		t.Error("the mean of nothing is a number")
	}
}

func TestCoreCountDoesNotMatter(t *testing.T) {
	a, b := pinnedPictures()
	var all [][]float64
	for _, procs := range []int{1, 2, 5} {
		old := runtime.GOMAXPROCS(procs)
		all = append(all, append(SSIM(a, b, pinnedShape), PSNR(a, b, pinnedShape)...))
		runtime.GOMAXPROCS(old)
	}
	for _, other := range all[1:] {
		if !slices.Equal(other, all[0]) {
			t.Errorf("%v and %v", all[0], other)
		}
	}
}

func TestWrongShapesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"length": func() { MSE(make([]float32, 3), make([]float32, 4), pixel.Shape{N: 1, C: 1, H: 2, W: 2}) },
		"empty":  func() { SSIM(nil, nil, pixel.Shape{C: 3, H: 2, W: 2}) },
		"luma":   func() { PSNRLuma(make([]float32, 4), make([]float32, 4), pixel.Shape{N: 1, C: 1, H: 2, W: 2}, 0) },
		"border": func() { PSNRLuma(make([]float32, 12), make([]float32, 12), pixel.Shape{N: 1, C: 3, H: 2, W: 2}, 1) },
		"scale": func() {
			pixels(make([]float32, 12), pixel.Shape{N: 1, C: 3, H: 2, W: 2}, pixel.Scale{Mean: []float64{0, 0}, Std: []float64{1}})
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
