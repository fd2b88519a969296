package task

import (
	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Sharpening restores x from K_s x + t*z with z ~ N(0,I), for pixels in [0,1]. K_s is a Gaussian blur as in photographs,
// with a standard deviation s ~ U(0.5,3) in pixels of the finest mesh, which the network does not get. The noise is weak:
// t is sigma/255 with sigma ~ U(0,5).
func Sharpening() Task {
	return must(Task{
		Name: "sharpening", Scaling: &pixel.Unit, Degrade: Chain(Defocus(0.5, 3), WhiteNoise(0)),
		NumConditions: 1, Noise: Deviation, NoiseLevels: &Levels{Low: 0, High: 5},
		Measures: []metric.Measure{metric.PSNR, metric.MSE},
		Evaluation: Evaluation{
			Settings: []Setting{
				{Name: "blur", Usage: "standard deviation of the blur of deblurring and sharpening", Unit: "PIXELS", Defaults: []float64{1, 2, 3}, Open: true, Max: 100},
				levelSetting(2),
			},
			Conditions: func(values []float64) []float32 { return []float32{float32(values[1] / MaxLevel)} },
			Degrade:    func(values []float64) Degrade { return Chain(Defocus(values[0], values[0]), WhiteNoise(0)) },
		},
		Networks:     foldedFirst(),
		LearningRate: 1e-3,
	})
}

// Defocus is a Gaussian blur with a standard deviation that is drawn uniformly from low to high, in pixels of the finest
// mesh. On coarser meshes it has the same width in the scene. Images are mirrored at their borders.
func Defocus(low, high float64) Degrade {
	return func(input, clean pixel.Images, at Grid, _ []float32, r *random.Stream) error {
		s := low + float64((high-low)*r.Float64())
		blur.Mirrored(input.Data, clean.Data, clean.N*clean.C, clean.H, clean.W, s/float64(int(1)<<at.Level))
		return nil
	}
}
