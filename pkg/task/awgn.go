package task

import (
	"slices"

	"multiscale/pkg/metric"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Levels is a range of noise levels: standard deviations on the 8-bit scale.
type Levels struct{ Low, High float64 }

// MaxLevel is the largest noise level, the largest value of an 8-bit pixel.
const MaxLevel = 255

// AWGN restores x from x + t*z with z ~ N(0,I): additive white Gaussian noise, neither clipped nor rounded, for pixels in
// [0,1]. t is sigma/255 with sigma ~ U(0,57), which includes the benchmark levels 15, 25 and 50. The restriction must
// select pixels, because means of pixels have less noise than t.
func AWGN() Task {
	return must(Task{
		Name: "awgn", Pointwise: true, Scaling: &pixel.Unit, Degrade: WhiteNoise(0),
		NumConditions: 1, Noise: Deviation, NoiseLevels: &Levels{Low: 0, High: 57},
		Measures: []metric.Measure{metric.PSNR, metric.MSE},
		Evaluation: Evaluation{
			Settings:   []Setting{levelSetting(15, 25, 50)},
			Conditions: func(values []float64) []float32 { return []float32{float32(values[0] / MaxLevel)} },
		},
		Networks:     foldedFirst(),
		LearningRate: 1e-3,
	})
}

// levelSetting is the setting of a noise level.
func levelSetting(defaults ...float64) Setting {
	return Setting{
		Name: "sigma", Usage: "standard deviation of the noise of awgn and sharpening on the 8-bit scale", Unit: "SIGMA",
		Defaults: defaults, Max: MaxLevel,
	}
}

// foldedFirst returns the networks that take t, with Folded as the default. It has no normalisation, so that its results
// keep the level of the input.
func foldedFirst() []network.Network {
	return slices.Concat([]network.Network{network.NewFolded()}, network.Restoration(true))
}

// OfLevels returns the task with other noise levels. The task must have NoiseLevels.
func (t Task) OfLevels(levels Levels) Task {
	t.NoiseLevels, t.Conditions = &levels, levels.conditions
	return t
}

// conditions draws a uniformly distributed level as a standard deviation of pixels in [0,1].
func (l Levels) conditions(t []float32, r *random.Stream) {
	sigma := l.Low + float64((l.High-l.Low)*r.Float64())
	t[0] = float32(sigma / MaxLevel)
}
