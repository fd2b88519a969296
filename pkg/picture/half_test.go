package picture

import (
	"math"
	"testing"
)

func cubic(x float64) float64 {
	switch x = math.Abs(x); {
	case x <= 1:
		return 1.5*x*x*x - 2.5*x*x + 1
	case x <= 2:
		return -0.5*x*x*x + 2.5*x*x - 4*x + 2
	}
	return 0
}

func TestHalvingKernel(t *testing.T) {
	sum := float32(0)
	for k, w := range halving {
		if want := cubic((float64(k)+0.5)/2) / 2; math.Abs(float64(w)-want) > 1e-7 {
			t.Errorf("weight %d is %v, want %v", k, w, want)
		}
		sum += w
	}
	if sum != 0.5 {
		t.Errorf("one side of the kernel sums to %v", sum)
	}
}

func TestHalf(t *testing.T) {
	flat := New(3, 7, 2)
	for i := range flat.Pix {
		flat.Pix[i] = 93
	}
	q := flat.Half()
	if q.W != 3 || q.H != 1 {
		t.Fatalf("size %dx%d", q.W, q.H)
	}
	for _, v := range q.Pix {
		if v != 93 {
			t.Fatalf("a flat picture becomes %v", q.Pix)
		}
	}
	ramp := New(3, 32, 32)
	for i := range ramp.Pix {
		ramp.Pix[i] = uint8(4 * (i % 32))
	}
	for x, v := range ramp.Half().Pix[:16] {
		if want := 8*x + 2; x > 1 && x < 14 && int(v) != want { // away from the mirrored borders
			t.Errorf("ramp at %d: %d, want %d", x, v, want)
		}
	}
}

// TestDouble: a constant stays constant, a ramp stays a ramp where the kernel does not reach
// the border, and the half of the double is close to the picture.
func TestDouble(t *testing.T) {
	p := &Planar{C: 1, H: 6, W: 12, Values: make([]float32, 72)}
	for i := range p.Values {
		p.Values[i] = float32(i%12) / 16
	}
	q := p.Double()
	for y := range q.H {
		for x := 4; x < q.W-4; x++ {
			want := (float32(x) - 0.5) / 32
			if got := q.Values[y*q.W+x]; math.Abs(float64(got-want)) > 1e-6 {
				t.Fatalf("(%d,%d): %v, want %v", x, y, got, want)
			}
		}
	}
	b := New(3, 5, 4)
	for i := range b.Pix {
		b.Pix[i] = 93
	}
	for _, v := range b.Double().Pix {
		if v != 93 {
			t.Fatalf("%d of a picture of 93", v)
		}
	}
}
