package task

import (
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Denoising restores x from t*x + (1-t)*z with z ~ N(0,I) and t ~ U(0,1). t = 1 is the clean
// image, t = 0 pure noise (the paper's section on experiments).
func Denoising() Task {
	return must(Task{
		Name: "denoising", Pointwise: true,
		Degrade: func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error {
			copy(input.Data, clean.Data)
			AddNoise(input, at, t[0], r)
			return nil
		},
		NumConditions: 1, Noise: SignalShare,
		Conditions: func(t []float32, r *random.Stream) { t[0] = r.Float32() },
		Measures:   []metric.Measure{metric.MSE},
		Evaluation: Evaluation{
			Settings:   []Setting{noiseSetting(0.1, 0.3)},
			Conditions: func(values []float64) []float32 { return []float32{float32(1 - values[0])} },
		},
	})
}

// noiseSetting is the setting of the share of noise in the input of the network.
func noiseSetting(defaults ...float64) Setting {
	return Setting{
		Name: "noise", Usage: "share of noise: 1-t of denoising, t of deblurring, inpainting and filling",
		Unit: "SHARE", Defaults: defaults, Max: 1,
	}
}

// The conditions of deblurring and inpainting: t weights the noise.
const (
	maxNoise     = 0.1
	trainedNoise = 0.05 // default of evaluations: the mean of t in training
)

// drawNoise draws t ~ 0.1 U(0,1).
func drawNoise(t []float32, r *random.Stream) { t[0] = maxNoise * r.Float32() }
