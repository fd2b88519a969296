package model_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// TestStockLosses: losses of Gorgonia's own operations, which may overwrite their operands, are
// reported correctly. Each is compared with the loss computed from the network's output.
func TestStockLosses(t *testing.T) {
	squares := func(y, target *gorgonia.Node) *gorgonia.Node {
		return gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(y, target))))
	}
	const per = 3 * 8 * 8
	mean := func(d []float64) float64 {
		var sum float64
		for _, x := range d {
			sum += x * x
		}
		return sum / float64(len(d))
	}
	for _, tc := range []struct {
		name string
		loss model.Loss
		want func(d []float64) float64 // of y-target of one sample
	}{
		{"Mean", func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Mean(squares(y, target), 1, 2, 3)
		}, mean},
		{"Sum", func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Sum(squares(y, target), 1, 2, 3)
		}, func(d []float64) float64 { return per * mean(d) }},
		{"Div", func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
			sum := gorgonia.Must(gorgonia.Sum(squares(y, target), 1, 2, 3))
			return gorgonia.Div(sum, gorgonia.NewConstant(float32(7)))
		}, func(d []float64) float64 { return per * mean(d) / 7 }},
		{"Sqrt", func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Sqrt(gorgonia.Must(gorgonia.Mean(squares(y, target), 1, 2, 3)))
		}, func(d []float64) float64 { return math.Sqrt(mean(d)) }},
		{"Exp", func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Exp(gorgonia.Must(gorgonia.Mean(squares(y, target), 1, 2, 3)))
		}, func(d []float64) float64 { return math.Exp(mean(d)) }},
		{"Mul", func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
			m := gorgonia.Must(gorgonia.Mean(squares(y, target), 1, 2, 3))
			return gorgonia.HadamardProd(m, m)
		}, func(d []float64) float64 { return mean(d) * mean(d) }},
	} {
		for _, samples := range []int{1, 3} {
			t.Run(fmt.Sprint(tc.name, samples), func(t *testing.T) {
				n := network.ResNet{Hidden: 4, Blocks: 1}
				params, err := network.Parameters(n, 3, 1)
				if err != nil {
					t.Fatal(err)
				}
				m := model.New(n, params, tc.loss)
				b := mesh.Batch{Input: pixel.NewImages(samples, 3, 8, 8), Target: pixel.NewImages(samples, 3, 8, 8), Samples: make([]uint64, samples)}
				r := random.New(1)
				r.Normals(b.Input.Data)
				r.Normals(b.Target.Data)
				y := make([]float32, len(b.Target.Data))
				if err := m.Apply(t.Context(), y, b.Input, nil); err != nil {
					t.Fatal(err)
				}
				var want float64
				for i := range samples {
					d := make([]float64, per)
					for j := range d {
						d[j] = float64(y[i*per+j]) - float64(b.Target.Data[i*per+j])
					}
					want += tc.want(d) / float64(samples)
				}
				gradient := make([]float32, params.Len())
				for run := range 2 {
					clear(gradient)
					got, err := m.AddGradient(t.Context(), gradient, b, 0)
					if err != nil {
						t.Fatal(err)
					}
					// rounding of float32 sums of about 200 numbers
					if math.Abs(got-want) > 1e-5*want {
						t.Errorf("run %d: loss %v, want %v", run, got, want)
					}
				}
				checkSlope(t, m, b, gradient)
			})
		}
	}
}

// checkSlope compares a gradient with the slope of the loss along it.
func checkSlope(t *testing.T, m *model.Model, b mesh.Batch, gradient []float32) {
	t.Helper()
	const step = 1e-3
	const tolerance = 1e-2 // curvature, and float32 rounding of the two losses
	var length float64
	for _, g := range gradient {
		length += float64(g) * float64(g)
	}
	at := append([]float32{}, m.Params.Values()...)
	along := func(h float64) float64 {
		m.Params.Update(func(values []float32) {
			for i, g := range gradient {
				values[i] = at[i] + float32(h*float64(g)/math.Sqrt(length))
			}
		})
		loss, err := m.AddGradient(context.Background(), make([]float32, len(gradient)), b, 0)
		if err != nil {
			t.Fatal(err)
		}
		return loss
	}
	slope := (along(step) - along(-step)) / (2 * step)
	if math.Abs(slope-math.Sqrt(length)) > tolerance*math.Sqrt(length) {
		t.Errorf("slope %v along the gradient of length %v", slope, math.Sqrt(length))
	}
}

// TestScalarLoss: a loss that is one number for the whole batch is an error of one line.
func TestScalarLoss(t *testing.T) {
	m := newModel(t, network.ResNet{Hidden: 4, Blocks: 1})
	m = model.New(m.Network, m.Params, func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
		return gorgonia.Mean(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(y, target)))))
	})
	_, err := m.Bytes(1, 3, 8, 8, true)
	if err == nil || !strings.Contains(err.Error(), "one number for each sample") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}
