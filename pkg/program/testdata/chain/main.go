// Command chain trains networks for chains of degradations.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/pixel"
	"multiscale/pkg/program"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

func main() { program.Main(catalog.Catalog{Tasks: []task.Task{worn, jpeg}}) }

// worn restores pictures after JPEG compression, blur and noise, in this order.
// t is the standard deviation of the noise, so restore can estimate it.
var worn = task.Task{
	Name: "worn", Scaling: &pixel.Unit,
	Degrade:       task.Chain(task.JPEG(pixel.Unit, 20, 80), task.Blur(1), task.WhiteNoise(0)),
	NumConditions: 1, Noise: task.Deviation,
	Conditions: func(t []float32, r *random.Stream) { t[0] = 0.1 * r.Float32() },
	Evaluation: task.Evaluation{
		Settings: []task.Setting{
			{Name: "quality", Usage: "quality of JPEG files", Defaults: []float64{20, 50}, Above: 1, Max: 100},
			{Name: "deviation", Usage: "standard deviation of noise, of pixels in [0,1]", Defaults: []float64{0.05}, Max: 1},
		},
		Conditions: func(values []float64) []float32 { return []float32{float32(values[1])} },
		Degrade: func(values []float64) task.Degrade {
			quality := int(values[0])
			return task.Chain(task.JPEG(pixel.Unit, quality, quality), task.Blur(1), task.WhiteNoise(0))
		},
	},
}

// jpeg restores JPEG files of low quality, without t.
var jpeg = task.Task{
	Name: "jpeg", Scaling: &pixel.Unit, Degrade: task.JPEG(pixel.Unit, 10, 60),
	Evaluation: task.Evaluation{
		Settings: []task.Setting{{Name: "quality", Usage: "quality of JPEG files", Defaults: []float64{10, 20, 40}, Above: 1, Max: 100}},
		Degrade: func(values []float64) task.Degrade {
			quality := int(values[0])
			return task.JPEG(pixel.Unit, quality, quality)
		},
	},
}
