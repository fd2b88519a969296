package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/op/optest"
)

type (
	function = optest.Function
	shapes   = []tensor.Shape
)

const (
	step = optest.DefaultStep
	// fineStep is for functions with larger higher derivatives: SSIM, and products of several
	// operations.
	fineStep = 4e-3
)

// checkGradient checks f's gradients with respect to the first wrt inputs.
func checkGradient(t *testing.T, f function, wrt int, s shapes, step float32) {
	t.Helper()
	optest.Case{Function: f, Inputs: s, Constants: len(s) - wrt, Step: step}.Check(t)
}

// place puts f into a new graph.
func place(t testing.TB, m optest.Machine, f function, wrt int, s shapes) *optest.Subject {
	t.Helper()
	return optest.Case{Function: f, Inputs: s, Constants: len(s) - wrt}.Build(t, m)
}

func values(n *gorgonia.Node) []float32 { return optest.Values(n) }
