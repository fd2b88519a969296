package pixel

import (
	"fmt"
	"slices"

	"multiscale/pkg/kernel"
)

// Scale converts pixels in [0,1] to the normalised values that a network sees, and back,
// channel by channel:
//
//	normalised = (pixel - Mean) / Std
//
// Mean and Std have one entry per channel, or a single one for all channels.
type Scale struct {
	Mean, Std []float64
}

// Unit is the Scale of pixels that stay in [0,1].
var Unit = Scale{Mean: []float64{0}, Std: []float64{1}}

// Signed is the Scale that takes pixels to [-1,1].
var Signed = Scale{Mean: []float64{0.5}, Std: []float64{0.5}}

// Channel returns the mean and the standard deviation of channel c.
func (s Scale) Channel(c int) (mean, std float64) {
	return s.Mean[c%len(s.Mean)], s.Std[c%len(s.Std)]
}

// Check returns an error unless Mean and Std each have one entry, or one per channel, and
// all standard deviations are positive.
func (s Scale) Check(channels int) error {
	for _, v := range [][]float64{s.Mean, s.Std} {
		if len(v) != 1 && len(v) != channels {
			return fmt.Errorf("a normalisation of %d channels for images of %d", len(v), channels)
		}
	}
	for _, std := range s.Std {
		if !(std > 0) {
			return fmt.Errorf("a normalisation with standard deviation %v; it must be above 0", std)
		}
	}
	return nil
}

// Normalise converts pixels in [0,1] to normalised values, in place.
func (s Scale) Normalise(x Images) {
	plane := x.Plane()
	for i := range x.N * x.C {
		mean, std := s.Channel(i % x.C)
		below, inverse := -float32(mean), float32(1/std)
		if below == 0 && inverse == 1 {
			continue // pixels stay as they are
		}
		channel := x.Data[i*plane:][:plane]
		for k, v := range channel {
			channel[k] = (v + below) * inverse
		}
	}
}

// Pixels returns normalised images as pixels clamped to [0,1], on which PSNR and SSIM are
// reported. NaN stays NaN. It panics if Check returns an error.
func (s Scale) Pixels(x Images) Images {
	if err := s.Check(x.C); err != nil {
		panic("pixel: " + err.Error())
	}
	y := NewImages(x.N, x.C, x.H, x.W)
	kernel.Run(x.N*x.C, &unscaling{s, x, y})
	return y
}

// unscaling is one call of Pixels as a job with one part per channel of each image.
type unscaling struct {
	Scale
	x, y Images
}

// Do implements kernel.Job.
func (u *unscaling) Do(i int) {
	plane := u.x.Plane()
	mean, std := u.Channel(i % u.x.C)
	for k := i * plane; k < (i+1)*plane; k++ {
		v := mean + float64(std*float64(u.x.Data[k]))
		switch {
		case v < 0:
			v = 0
		case v > 1:
			v = 1
		}
		u.y.Data[k] = float32(v)
	}
}

// Equal reports whether two scales have the same entries.
func (s Scale) Equal(o Scale) bool { return slices.Equal(s.Mean, o.Mean) && slices.Equal(s.Std, o.Std) }
