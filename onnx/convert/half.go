package main

import (
	"encoding/binary"
	"fmt"
	"math"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/pkg/dataset"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// smallest is the smallest number of values of a tensor that is stored as float16. The constants of the wrapping have
// fewer.
const smallest = 64

// halve stores weights as float16 numbers, which the graph converts to float32 before it computes, and prints the
// effect on the output.
func (c *conversion) halve(m *onnx.Model, channels int) error {
	picture := sample(channels)
	before, err := restored(m, picture)
	if err != nil {
		return err
	}
	var casts []*onnx.Node
	saved := 0
	for i, t := range m.Graph.Initializers {
		if t.Type != onnx.Float32 {
			continue
		}
		values, err := t.Floats()
		if err != nil {
			return err
		}
		if len(values) < smallest {
			continue
		}
		raw := make([]byte, 0, 2*len(values))
		for _, v := range values {
			bits := onnx.Float16Bits(v)
			if math.IsInf(float64(onnx.RoundFloat16(v)), 0) {
				return fmt.Errorf("weight %v of %q is too large for float16; leave out -half", v, t.Name)
			}
			raw = binary.LittleEndian.AppendUint16(raw, bits)
		}
		name := "half/" + t.Name
		m.Graph.Initializers[i] = &onnx.Tensor{Name: name, Type: onnx.Float16, Dims: t.Dims, Raw: raw}
		casts = append(casts, &onnx.Node{Name: "cast/" + t.Name, Op: "Cast", Inputs: []string{name}, Outputs: []string{t.Name}, Attributes: attributes("to", int64(onnx.Float32))})
		saved += 2 * len(values)
	}
	m.Graph.Nodes = append(casts, m.Graph.Nodes...)
	if err := m.Validate(); err != nil {
		return err
	}
	after, err := restored(m, picture)
	if err != nil {
		return err
	}
	worst, sum := 0.0, 0.0
	for i, v := range after {
		d := float64(v) - float64(before[i])
		worst = max(worst, math.Abs(d))
		sum += float64(d * d)
	}
	root := math.Sqrt(sum / float64(len(after)))
	fmt.Fprintf(c.out, "float16 weights: %d bytes less; on a picture of leaves with noise of 25 of 255, values change by %.4f of 255 (root of the mean square), at most %.3f: a PSNR of %.1f dB from the result with float32 weights\n",
		saved, 255*root, 255*worst, -20*math.Log10(max(root, 1e-10)))
	return nil
}

// sample returns a built-in picture of 96x96 pixels in [0,1], with noise of standard deviation 25/255.
func sample(channels int) pixel.Images {
	const side, deviation = 96, 25.0 / 255
	leaves := dataset.DeadLeaves(random.New(1), side, side)
	planes := make([]float32, 3*side*side)
	leaves.Float(planes)
	x := pixel.NewImages(1, channels, side, side)
	r := random.New(2)
	for i := range x.Data {
		x.Data[i] = min(max(planes[i%len(planes)]+float32(deviation*r.Normal()), 0), 1)
	}
	return x
}

// restored runs a model of the image form in this project's ONNX backend.
func restored(m *onnx.Model, x pixel.Images) ([]float32, error) {
	b, err := backend.New(m)
	if err != nil {
		return nil, err
	}
	out, err := b.Run(map[string]onnx.Value{imageInput: {Shape: []int{x.N, x.C, x.H, x.W}, Data: x.Data}})
	return out[imageOutput].Data, err
}
