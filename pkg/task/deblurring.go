package task

import (
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// blurSigma is the standard deviation of the blur in pixels of the finest mesh.
const blurSigma = 3

// Deblurring restores x from (1-t)*K x + t*z with z ~ N(0,I) and t ~ 0.1 U(0,1). K is a periodic
// Gaussian blur of 3 pixels (the paper's section on experiments).
func Deblurring() Task {
	return must(Task{
		Name: "deblurring", Degrade: blurred(blurSigma),
		NumConditions: 1, Noise: NoiseShare, Conditions: drawNoise,
		Measures: []metric.Measure{metric.MSE},
		Evaluation: Evaluation{
			Settings: []Setting{
				{Name: "blur", Usage: "standard deviation of the blur of deblurring and sharpening", Unit: "PIXELS", Defaults: []float64{blurSigma}, Open: true, Max: 100},
				noiseSetting(trainedNoise),
			},
			Conditions: func(values []float64) []float32 { return []float32{float32(values[1])} },
			Degrade:    func(values []float64) Degrade { return blurred(values[0]) },
		},
	})
}

// blurred blurs images and then mixes them with noise.
func blurred(sigma float64) Degrade {
	blur := Blur(sigma)
	return func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error {
		if err := blur(input, clean, at, t, r); err != nil {
			return err
		}
		AddNoise(input, at, 1-t[0], r)
		return nil
	}
}
