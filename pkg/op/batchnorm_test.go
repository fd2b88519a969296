package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

// TestBatchNormEvaluation: gradients with running statistics are right, Follow moves the statistics, and a single value
// has no variance.
func TestBatchNormEvaluation(t *testing.T) {
	positive := func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		for i := range values(in[4]) {
			values(in[4])[i] = 0.5 + float32(i)
		}
		return batchNorm(false)(in)
	}
	checkGradient(t, positive, 3, shapes{image(3, 2, 5, 7), vec(2), vec(2), vec(2), vec(2)}, step)

	s := place(t, optest.Compiled, batchNorm(true), 3, shapes{image(1, 1, 1, 2), vec(1), vec(1), vec(1), vec(1)})
	copy(values(s.Inputs[0]), []float32{1, 3})
	s.Run(t)
	mean, variance := []float32{10}, []float32{6}
	if err := s.Result.Op().(*op.BatchNormOp).Follow(mean, variance, 0.25); err != nil {
		t.Fatal(err)
	}
	if mean[0] != 0.75*10+0.25*2 || variance[0] != 0.75*6+0.25*2 { // of 1 and 3: mean 2, unbiased variance 2
		t.Errorf("mean %v, variance %v", mean, variance)
	}
	single := place(t, optest.Compiled, batchNorm(true), 3, shapes{image(1, 1, 1, 1), vec(1), vec(1), vec(1), vec(1)})
	single.Run(t)
	if err := single.Result.Op().(*op.BatchNormOp).Follow(mean, variance, 0.25); err == nil {
		t.Error("one value has a variance")
	}
}
