package op_test

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

// TestDropoutMasks: a mask depends on the key, the sample's number and the site in the
// network, but not on the batch.
func TestDropoutMasks(t *testing.T) {
	const per = 50
	masks := func(key, site uint64, samples ...uint64) []float32 {
		p := place(t, optest.Compiled, func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			return op.Dropout(in[0], 0.5, site, &op.Sampling{Key: key, Samples: samples})
		}, 0, shapes{vec(len(samples), per)})
		for i := range values(p.Inputs[0]) {
			values(p.Inputs[0])[i] = 1
		}
		p.Run(t)
		return slices.Clone(values(p.Result))
	}
	batch := masks(1, 0, 7, 8, 9)
	if !slices.Equal(masks(1, 0, 8), batch[per:2*per]) {
		t.Error("the mask of a sample depends on the batch it is in")
	}
	for name, other := range map[string][]float32{"key": masks(2, 0, 7, 8, 9), "site": masks(1, 1, 7, 8, 9), "sample": masks(1, 0, 8, 9, 7)} {
		if slices.Equal(other, batch) {
			t.Errorf("another %s gives the same masks", name)
		}
	}
}

// TestDropoutStrides: with a stride, an image has the mask of a finer mesh at the pixels that restriction keeps. Vectors
// have the same mask with any stride.
func TestDropoutStrides(t *testing.T) {
	mask := func(stride int, shape tensor.Shape) []float32 {
		p := place(t, optest.Compiled, func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			return op.Dropout(in[0], 0.5, 0, &op.Sampling{Key: 3, Samples: []uint64{7}, Strides: []int{stride}})
		}, 0, shapes{shape})
		for i := range values(p.Inputs[0]) {
			values(p.Inputs[0])[i] = 1
		}
		p.Run(t)
		return slices.Clone(values(p.Result))
	}
	fine := mask(1, tensor.Shape{1, 2, 6, 8})
	coarse := mask(2, tensor.Shape{1, 2, 3, 4})
	for i, v := range coarse {
		channel, row, column := i/12, i/4%3, i%4
		if want := fine[channel*48+row*2*8+column*2]; v != want {
			t.Errorf("channel %d, pixel (%d,%d): %v, want %v", channel, row, column, v, want)
		}
	}
	numbers := mask(1, tensor.Shape{1, 20})
	strided := mask(2, tensor.Shape{1, 20})
	if !slices.Equal(numbers, strided) {
		t.Error("numbers without pixels have other masks with a stride")
	}
}
