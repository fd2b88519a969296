package mge_test

import (
	"context"
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/optimize"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// threeLayers is an example of a user's own network: layers of this project with one of Gorgonia's own
// operations between them.
type threeLayers struct{}

func (threeLayers) Name() string    { return "threelayers" }
func (threeLayers) Conditions() int { return 0 }
func (threeLayers) Scale() int      { return 1 }
func (threeLayers) Multiple() int   { return 1 }

func (threeLayers) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	x = b.Activate(b.Conv("one", x, layer.Conv{Out: 8, Kernel: 3}), layer.ReLU)
	x = b.Conv("two", x, layer.Conv{Out: 8, Kernel: 3})
	if b.Err() != nil {
		return nil
	}
	x = b.Add(gorgonia.Tanh(x))
	return b.Conv("three", x, layer.Conv{Out: 1, Kernel: 1})
}

// waves is an example of a user's own task: find a smooth wave in noise. Both meshes of a difference get
// the same waves and noise.
type waves struct{}

func (waves) Draw(request mesh.Request) (fine, coarser mesh.Batch, err error) {
	r := random.New(1, uint64(request.Iteration), uint64(request.Level))
	n := request.Size
	b := mesh.Batch{Input: pixel.NewImages(n, 1, 16, 16), Target: pixel.NewImages(n, 1, 16, 16), Samples: make([]uint64, n)}
	r.Normals(b.Input.Data)
	for i := range b.Target.Data {
		b.Target.Data[i] = float32(i/16%16) / 16
		b.Input.Data[i] += b.Target.Data[i]
	}
	fine = mesh.RestrictBatch(mesh.Average, b, request.Level)
	if request.Coarse {
		coarser = mesh.RestrictBatch(mesh.Average, fine, 1)
	}
	return fine, coarser, nil
}

// MGE with a user's own network and task.
func Example() {
	params, err := network.Parameters(threeLayers{}, 1, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	estimator := mge.Estimator{Model: model.New(threeLayers{}, params, op.MSE), Sampler: waves{}}
	stage := mge.Stage{Batches: mge.Doubling(4, 2)} // 4, 8 and 16 samples on meshes of side 16, 8 and 4
	adam := optimize.New(optimize.Adam{}, params.Groups(), 1e-2)

	gradient := make([]float32, params.Len())
	var first, last float64
	for i := range 60 {
		estimate, err := estimator.Gradient(context.Background(), gradient, i, stage)
		if err != nil {
			fmt.Println(err)
			return
		}
		params.Update(func(values []float32) { err = adam.Step(values, gradient) })
		if err != nil {
			fmt.Println(err)
			return
		}
		if i == 0 {
			first = estimate.Loss
		}
		last = estimate.Loss
	}
	fmt.Printf("%g work units an iteration; the loss fell: %v\n", stage.WorkUnits(), last < first/2)
	// Output: 8.5 work units an iteration; the loss fell: true
}
