package task

import (
	"fmt"
	"slices"

	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Noise is the relation of a task's only condition t to white noise with standard deviation s of
// normalised values. It is text, for the metadata of exported models.
type Noise string

// The meanings of t.
const (
	// NoNoise: t does not depend on noise.
	NoNoise Noise = ""
	// SignalShare: the input of the network is t*x + (1-t)*z with z ~ N(0,I), and t = 1/(1+s).
	SignalShare Noise = "share of the image"
	// NoiseShare: the input of the network is (1-t)*x + t*z, and t = s/(1+s). x may have another
	// degradation, too.
	NoiseShare Noise = "share of noise"
	// Deviation: the input of the network is x + t*z, and t = s.
	Deviation Noise = "standard deviation"
)

// Noises returns all meanings.
func Noises() []Noise { return []Noise{NoNoise, SignalShare, NoiseShare, Deviation} }

// ParseNoise returns the meaning with the given text.
func ParseNoise(text string) (Noise, error) {
	for _, n := range Noises() {
		if string(n) == text {
			return n, nil
		}
	}
	return NoNoise, fmt.Errorf("unknown meaning of t %q", text)
}

// At returns the inputs of a network, factor*y and t, for a normalised image y = x + s*z. For
// NoNoise factor is 1 and t is 0.
func (n Noise) At(s float64) (factor float64, t float32) {
	share := s / (1 + s)
	switch n {
	case SignalShare:
		return 1 - share, float32(1 - share)
	case NoiseShare:
		return 1 - share, float32(share)
	case Deviation:
		return 1, float32(s)
	}
	return 1, 0
}

// Factor returns the factor of an image that a network gets together with t.
func (n Noise) Factor(t float32) float64 {
	switch n {
	case SignalShare:
		return float64(t)
	case NoiseShare:
		return 1 - float64(t)
	}
	return 1
}

// Check returns an error if t is out of bounds for this meaning.
func (n Noise) Check(t float32) error {
	switch {
	case (n == SignalShare || n == NoiseShare) && !(t >= 0 && t <= 1):
		return fmt.Errorf("not a noise level; give a number from 0 to 1")
	case n == Deviation && !(t >= 0):
		return fmt.Errorf("not a standard deviation; give a number from 0 on")
	}
	return nil
}

// OfNoise is the task of removing white noise for networks whose t has the meaning n. It replaces
// the task of a model if a program does not have that task.
func OfNoise(name string, n Noise) Task {
	return Task{
		Name: name, Pointwise: true, NumConditions: 1, Noise: n,
		Conditions: drawNoise,
		Degrade: func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error {
			copy(input.Data, clean.Data)
			if n == Deviation {
				addDeviation(input, at, t[0], r)
			} else {
				AddNoise(input, at, float32(n.Factor(t[0])), r)
			}
			return nil
		},
		Evaluation: Evaluation{
			Settings: []Setting{noiseSetting(trainedNoise)},
			Conditions: func(values []float64) []float32 {
				if n == SignalShare {
					return []float32{float32(1 - values[0])}
				}
				return []float32{float32(values[0])}
			},
		},
	}
}

// addDeviation adds deviation*z to x, with the z ~ N(0,I) of AddNoise.
func addDeviation(x pixel.Images, at Grid, deviation float32, r *random.Stream) {
	m := scratch.Get().(*[]float32)
	defer scratch.Put(m)
	*m = slices.Grow((*m)[:0], len(x.Data))[:len(x.Data)]
	clear(*m)
	z := pixel.Images{Shape: x.Shape, Data: *m}
	AddNoise(z, at, 0, r)
	for i, v := range z.Data {
		x.Data[i] += float32(deviation * v)
	}
}
