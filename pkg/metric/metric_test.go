package metric

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"testing"

	"multiscale/pkg/pixel"
)

// pinnedTolerance is for numbers that were computed in another language, in float64, with SSIM
// from its definition with the two-dimensional window. Pixels are multiples of 1/64, exact in
// float32, so that only the order of summation differs.
const pinnedTolerance = 1e-12

var pinnedShape = pixel.Shape{N: 2, C: 3, H: 8, W: 13} // with fewer rows than the window

func pinnedPictures() (a, b []float32) {
	for i := range pinnedShape.N * pinnedShape.Image() {
		v := (i*37 + 11) % 64
		a = append(a, float32(v)/64)
		b = append(b, float32(v+i*i%9-4)/64)
	}
	return a, b
}

// images makes a batch of values and a shape.
func images(x []float32, shape pixel.Shape) pixel.Images { return pixel.Images{Shape: shape, Data: x} }

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
		{"mse", MeanSquares(images(a, pinnedShape), images(b, pinnedShape)), []float64{0.0022809933393429485, 0.0022739508213141025}},
		{"psnr", PeakRatios(images(a, pinnedShape), images(b, pinnedShape)), []float64{26.418759828911842, 26.432189320242145}},
		{"luma", PeakRatiosOfLuma(images(a, pinnedShape), images(b, pinnedShape), 0), []float64{32.267996671989984, 32.26094239271342}},
		{"luma inside", PeakRatiosOfLuma(images(a, pinnedShape), images(b, pinnedShape), 2), []float64{32.2998697277084, 32.2998697277084}},
		{"ssim", Similarities(images(a, pinnedShape), images(b, pinnedShape)), []float64{0.9911837345888941, 0.9911645853091815}},
		{"ssim signed", Similarities(images(signed(a), pinnedShape), images(signed(b), pinnedShape)), []float64{0.7089706665952641, 0.6564972759216746}},
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

// TestRunning: a picture that is measured row by row, in pieces of any size, has the measures of the
// whole picture, up to the rounding of sums.
func TestRunning(t *testing.T) {
	a, b := pinnedPictures()
	shape := pixel.Shape{N: 1, C: 3, H: pinnedShape.H, W: pinnedShape.W}
	size := shape.H * shape.W
	x, y := images(signed(a[:3*size]), shape), images(signed(b[:3*size]), shape)
	pixels, clean := pixel.Signed.Pixels(x), pixel.Signed.Pixels(y)
	for _, border := range []int{0, 2} {
		want := Values{
			"mse": MeanSquares(x, y)[0], "psnr": PeakRatios(pixels, clean)[0],
			"psnr_luma": PeakRatiosOfLuma(pixels, clean, border)[0], "ssim": Similarities(pixels, clean)[0],
		}
		for piece := 1; piece <= shape.H; piece++ {
			r := NewRunning(shape, pixel.Signed, border)
			for row := 0; row < shape.H; row += piece {
				got, of := make([][]float32, shape.C), make([][]float32, shape.C)
				for c := range got {
					lo, hi := c*size+row*shape.W, c*size+min(row+piece, shape.H)*shape.W
					got[c], of[c] = x.Data[lo:hi], y.Data[lo:hi]
				}
				r.Add(got, of)
			}
			got := r.Values()
			for _, m := range RunningMeasures() {
				if d := math.Abs(got.Of(m) - want.Of(m)); !(d <= pinnedTolerance*math.Abs(want.Of(m))) {
					t.Errorf("border %d, %d rows at once, %s: %v, want %v", border, piece, m.Name, got.Of(m), want.Of(m))
				}
			}
		}
	}
}

// TestByHand compares with values that were computed by hand. A constant difference of 0.1 gives 20
// dB; for luma it is smaller by the studio range, 219/255.
func TestByHand(t *testing.T) {
	zero, tenth := pixel.NewImages(1, 3, 4, 4), pixel.NewImages(1, 3, 4, 4)
	for i := range tenth.Data {
		tenth.Data[i] = 0.1
	}
	// float32(0.1) differs from 0.1 by 1.5e-9, relatively 1.5e-8, which gives 1.3e-7 dB.
	const tolerance = 2e-7
	if got := PeakRatios(tenth, zero)[0]; math.Abs(got-20) > tolerance {
		t.Errorf("PSNR %v", got)
	}
	if got, want := PeakRatiosOfLuma(tenth, zero, 1)[0], 20-20*math.Log10(219.0/255); math.Abs(got-want) > tolerance {
		t.Errorf("luma PSNR %v, want %v", got, want)
	}
	if got := PeakRatios(tenth, tenth)[0]; !math.IsInf(got, 1) {
		t.Errorf("PSNR of equal pictures %v", got)
	}
	if got := Similarities(tenth, tenth)[0]; math.Abs(got-1) > pinnedTolerance {
		t.Errorf("SSIM of equal pictures %v", got)
	}
	tenth.Data[7] = float32(math.NaN())
	if m, s := MeanSquares(tenth, zero)[0], Similarities(tenth, zero)[0]; !math.IsNaN(m) || !math.IsNaN(s) {
		t.Errorf("NaN lost: MSE %v, SSIM %v", m, s)
	}
}

func TestMeter(t *testing.T) {
	a, b := pinnedPictures()
	x, y := images(signed(a), pinnedShape), images(signed(b), pinnedShape)
	m := NewMeter(Always()...)
	m.Add(x, y, pixel.Signed)
	got := m.Means()
	clamped := pixel.Unit.Pixels(images(b, pinnedShape))
	want := Values{
		"mse":         4 * Mean(MeanSquares(images(a, pinnedShape), images(b, pinnedShape))),
		"psnr":        Mean(PeakRatios(images(a, pinnedShape), clamped)),
		"ssim":        Mean(Similarities(images(a, pinnedShape), clamped)),
		"ssim_signed": Mean(Similarities(x, y)),
	}
	if !maps.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if !math.IsNaN(NewMeter(MSE).Means().Of(MSE)) || !math.IsNaN(got.Of(PSNRLuma)) {
		t.Error("the mean of nothing is a number")
	}
}

// TestBetter: Better follows Higher, and NaN is worse than every number.
func TestBetter(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		m    Measure
		a, b float64
		want bool
	}{
		{MSE, 1, 2, true}, {MSE, 2, 1, false}, {MSE, 1, 1, false}, {MSE, 1, nan, true}, {MSE, nan, 1, false}, {MSE, nan, nan, false},
		{SSIM, 1, 2, false}, {SSIM, 2, 1, true}, {SSIM, 1, nan, true}, {SSIM, nan, 1, false},
	} {
		if got := c.m.Better(c.a, c.b); got != c.want {
			t.Errorf("%s: %v better than %v: %t", c.m.Name, c.a, c.b, got)
		}
	}
}

// TestError: Error converts values to errors, of which smaller ones are better.
func TestError(t *testing.T) {
	for _, c := range []struct {
		m     Measure
		v     float64
		want  float64
		title string
	}{{MSE, 0.25, 0.25, "MSE"}, {SSIM, 0.75, 0.25, "1−SSIM"}, {PSNR, 20, 0.01, "error of PSNR dB"}, {PSNR, math.Inf(1), 0, "error of PSNR dB"}} {
		// Pow has a relative error of less than 1e-15.
		if got := c.m.Error(c.v); math.Abs(got-c.want) > 1e-15 || c.m.ErrorTitle() != c.title {
			t.Errorf("%s %v as an error: %v (%s), want %v (%s)", c.m.Name, c.v, got, c.m.ErrorTitle(), c.want, c.title)
		}
	}
}

func TestCoreCountDoesNotMatter(t *testing.T) {
	a, b := pinnedPictures()
	var all [][]float64
	for _, procs := range []int{1, 2, 5} {
		old := runtime.GOMAXPROCS(procs)
		all = append(all, append(Similarities(images(a, pinnedShape), images(b, pinnedShape)), PeakRatios(images(a, pinnedShape), images(b, pinnedShape))...))
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
		"length": func() {
			MeanSquares(pixel.Images{Shape: pixel.Shape{N: 1, C: 1, H: 2, W: 2}, Data: make([]float32, 3)}, pixel.NewImages(1, 1, 2, 2))
		},
		"shapes": func() { MeanSquares(pixel.NewImages(1, 1, 2, 2), pixel.NewImages(1, 2, 2, 1)) },
		"empty":  func() { Similarities(pixel.Images{}, pixel.Images{}) },
		"scale":  func() { pixel.Scale{Mean: []float64{0, 0}, Std: []float64{1}}.Pixels(pixel.NewImages(1, 3, 2, 2)) },
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

// TestSimilaritiesOfLuma compares, for grey pictures, with the SSIM of luma from its definition, over
// the positions where the window lies inside the border.
func TestSimilaritiesOfLuma(t *testing.T) {
	const h, w, border = 17, 19, 2
	a, b := pixel.NewImages(1, 3, h, w), pixel.NewImages(1, 3, h, w)
	for i := range h * w {
		for c := range 3 {
			a.Data[c*h*w+i] = float32(i*7%13) / 16
			b.Data[c*h*w+i] = float32(i*5%11) / 16
		}
	}
	luma := func(x pixel.Images, i int) float64 { return (16 + 219*float64(x.Data[i])) / 255 }
	total, n := 0.0, 0
	for y := border + 5; y < h-border-5; y++ {
		for x := border + 5; x < w-border-5; x++ {
			var ma, mb, aa, bb, ab float64
			for k := range 121 {
				g := ssimWindow[k/11] * ssimWindow[k%11]
				i := (y+k/11-5)*w + x + k%11 - 5
				u, v := luma(a, i), luma(b, i)
				ma, mb, aa, bb, ab = ma+g*u, mb+g*v, aa+g*u*u, bb+g*v*v, ab+g*u*v
			}
			total += (2*ma*mb + ssimC1) * (2*(ab-ma*mb) + ssimC2) / ((ma*ma + mb*mb + ssimC1) * (aa + bb - ma*ma - mb*mb + ssimC2))
			n++
		}
	}
	// The tolerance is for luma in float32.
	if got, want := SimilaritiesOfLuma(a, b, border)[0], total/float64(n); math.Abs(got-want) > 1e-6 {
		t.Errorf("%v, want %v", got, want)
	}
	if got := SimilaritiesOfLuma(a, b, 4)[0]; !math.IsNaN(got) {
		t.Errorf("%v where no window fits", got)
	}
}
