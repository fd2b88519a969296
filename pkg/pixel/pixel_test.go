package pixel_test

import (
	"fmt"
	"slices"
	"testing"

	"multiscale/pkg/pixel"
)

func TestPixels(t *testing.T) {
	x := pixel.Images{Shape: pixel.Shape{N: 1, C: 2, H: 1, W: 3}, Data: []float32{-3, 0, 3, -3, 0, 3}}
	got := pixel.Scale{Mean: []float64{0.5, 0.25}, Std: []float64{0.125, 0.25}}.Pixels(x).Data
	if want := []float32{0.125, 0.5, 0.875, 0, 0.25, 1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestScaleCheck(t *testing.T) {
	for _, c := range []struct {
		scale    pixel.Scale
		channels int
		ok       bool
	}{
		{pixel.Unit, 1, true},
		{pixel.Signed, 4, true},
		{pixel.Scale{Mean: []float64{0, 0, 0}, Std: []float64{1}}, 3, true},
		{pixel.Scale{Mean: []float64{0, 0, 0}, Std: []float64{1}}, 4, false},
		{pixel.Scale{Mean: []float64{0}, Std: []float64{0}}, 3, false},
		{pixel.Scale{}, 3, false},
	} {
		if err := c.scale.Check(c.channels); (err == nil) != c.ok {
			t.Errorf("%+v for %d channels: %v", c.scale, c.channels, err)
		}
	}
}

// Pixels in [0,1] on [-1,1], and back.
func ExampleScale() {
	x := pixel.NewImages(1, 1, 1, 3)
	copy(x.Data, []float32{0, 0.25, 1})
	pixel.Signed.Normalise(x)
	fmt.Println(x.Shape, x.Data, pixel.Signed.Pixels(x).Data)
	// Output: (1,1,1,3) [-1 -0.5 1] [0 0.25 1]
}
