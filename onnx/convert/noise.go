package main

import (
	"slices"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
	"multiscale/pkg/task"
)

// estimate adds nodes that compute metric.Noise of each picture with pixels in [0,1], and returns the name of the
// result of shape (N,1,1,1).
func (w *wrapping) estimate(channels int) string {
	axis := export.Attribute("axis", int64(1))
	gain := metric.NoiseGain(channels)
	mask := lists.Of([]float64{1, -2, 1, -2, 4, -2, 1, -2, 1}, func(v float64) float32 { return float32(v * gain) })
	w.floats("mask", []int64{int64(channels), 1, 3, 3}, slices.Repeat(mask, channels))
	w.floats("each", []int64{1, int64(channels), 1, 1}, slices.Repeat([]float32{1}, channels))
	w.ints("frame", 0, 0, 1, 1, 0, 0, 1, 1)
	w.ints("rim", 0, 0, 0, 0, 0, 0, metric.NoiseSide-1, metric.NoiseSide-1)
	w.floats("sound share", nil, []float32{metric.NoiseSound})
	w.floats("share", nil, []float32{metric.NoiseShare})
	w.floats("detail", nil, []float32{metric.NoiseDetail * metric.NoiseDetail})
	w.floats("least", nil, []float32{1e-9})
	w.floats("most", nil, []float32{1e9})
	w.ints("column", -1, 1, 1, 1)

	w.node("Pad", "framed", imageInput, w.at("frame")).Attributes = attributes("mode", "edge")
	w.node("Conv", "differences", w.at("framed"), w.at("mask")).Attributes = attributes("group", int64(channels))
	w.node("Abs", "sizes", w.at("differences"))
	w.node("Equal", "at black", imageInput, w.at("black"))
	w.node("Equal", "at white", imageInput, w.at("white"))
	w.node("Or", "clipped pixels", w.at("at black"), w.at("at white"))
	w.node("Not", "sound pixels", w.at("clipped pixels"))
	w.node("Cast", "sound", w.at("sound pixels")).Attributes = attributes("to", int64(1))
	w.node("Mul", "counted", w.at("sizes"), w.at("sound"))
	for _, name := range []string{"counted", "sound"} { // sums over channels, then means over blocks
		w.node("Conv", name+" in all", w.at(name), w.at("each"))
		w.node("Pad", name+" with rim", w.at(name+" in all"), w.at("rim"))
		pool := w.node("AveragePool", name+" in blocks", w.at(name+" with rim"))
		pool.Attributes = append(attributes("kernel_shape", []int64{metric.NoiseSide, metric.NoiseSide}), attributes("strides", []int64{metric.NoiseSide, metric.NoiseSide})...)
	}
	w.node("GlobalMaxPool", "fullest", w.at("sound in blocks"))
	w.node("Mul", "enough", w.at("fullest"), w.at("sound share"))
	w.node("Max", "enough and some", w.at("enough"), w.at("least"))
	w.node("GreaterOrEqual", "usable", w.at("sound in blocks"), w.at("enough and some"))
	w.node("Max", "divisor", w.at("sound in blocks"), w.at("least"))
	w.node("Div", "levels", w.at("counted in blocks"), w.at("divisor"))
	w.node("Where", "ranked", w.at("usable"), w.at("levels"), w.at("most"))
	w.node("Flatten", "row", w.at("ranked")).Attributes = []*onnx.Attribute{axis}
	w.node("Shape", "row's shape", w.at("row"))
	w.node("Slice", "blocks", w.at("row's shape"), w.at("one"), w.at("two"), w.at("zero"))
	sorted := w.node("TopK", "ascending", w.at("row"), w.at("blocks"))
	sorted.Attributes = append(attributes("largest", int64(0)), axis)
	sorted.Outputs = append(sorted.Outputs, w.at("places"))
	w.node("Cast", "used", w.at("usable")).Attributes = attributes("to", int64(1))
	w.node("Flatten", "used row", w.at("used")).Attributes = []*onnx.Attribute{axis}
	w.node("ReduceSum", "number", w.at("used row"), w.at("one"))
	w.node("Mul", "part", w.at("number"), w.at("share"))
	w.node("Floor", "rank", w.at("part"))
	w.node("Cast", "index", w.at("rank")).Attributes = attributes("to", int64(7))
	w.node("GatherElements", "lowest", w.at("ascending"), w.at("index")).Attributes = []*onnx.Attribute{axis}
	w.node("Mul", "square", w.at("lowest"), w.at("lowest"))
	w.node("Add", "with detail", w.at("square"), w.at("detail"))
	w.node("Sqrt", "level with detail", w.at("with detail"))
	w.node("Div", "deviation", w.at("square"), w.at("level with detail"))
	w.node("Greater", "any", w.at("number"), w.at("black"))
	w.node("Where", "estimate", w.at("any"), w.at("deviation"), w.at("black"))
	w.node("Reshape", "sigma", w.at("estimate"), w.at("column"))
	return w.at("sigma")
}

func attributes(name string, value any) []*onnx.Attribute {
	return []*onnx.Attribute{export.Attribute(name, value)}
}

// level adds nodes that compute noise.At for sigma, the deviation of pixels, of shape (N,1,1,1). It returns the name
// of the factor of the normalised picture, or "" for a factor of 1. The nodes also compute t, of shape (N), under the
// given name. perDeviation converts the deviation to normalised values.
func (w *wrapping) level(noise task.Noise, sigma, name string, perDeviation float64) (factor string) {
	w.floats("per deviation", nil, []float32{float32(perDeviation)})
	w.ints("flat", -1)
	t := w.node("Mul", "relative", sigma, w.at("per deviation")).Outputs[0]
	if noise != task.Deviation {
		w.floats("unity", nil, []float32{1})
		sum := w.node("Add", "sum", t, w.at("unity")).Outputs[0]
		factor = w.node("Div", "clean share", w.at("unity"), sum).Outputs[0]
		if noise == task.SignalShare {
			t = factor
		} else {
			t = w.node("Div", "noise share", t, sum).Outputs[0]
		}
	}
	w.node("Reshape", "t", t, w.at("flat")).Outputs[0] = name
	return factor
}
