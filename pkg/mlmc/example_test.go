package mlmc_test

import (
	"context"
	"fmt"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// scalar is a model with one weight. The gradient of a sample is its first pixel.
type scalar struct{}

func (scalar) Gradients(_ context.Context, to [][]float32, parts []mesh.Part, add bool) error {
	dst := to[0]
	if !add {
		dst[0] = 0
	}
	for _, p := range parts {
		for i := range p.Batch.Len() {
			dst[0] += float32(p.Weight) * p.Batch.Input.Slice(i, i+1).Data[0] / float32(p.Batch.Len())
		}
	}
	return nil
}

// pyramid draws samples whose values on the two meshes differ by a quarter.
type pyramid struct{}

func (pyramid) Draw(request mesh.Request) (fine, coarser mesh.Batch, err error) {
	r, n := random.New(1, uint64(request.Iteration), uint64(request.Level)), request.Size
	fine.Input, coarser.Input = pixel.NewImages(n, 1, 1, 1), pixel.NewImages(n, 1, 1, 1)
	r.Normals(fine.Input.Data)
	for i, v := range fine.Input.Data {
		coarser.Input.Data[i] = 0.75 * v
	}
	return fine, coarser, nil
}

// A difference with a small variance needs few samples.
func Example() {
	m := mlmc.Measurement{Estimator: mge.Estimator{Model: scalar{}, Sampler: pyramid{}}, Parameters: 1, Coarsest: 1, Repetitions: 10_000}
	levels, err := m.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range levels {
		fmt.Printf("level %d: V %.2f alone, %.2f in the sum\n", l.Level, l.Single.Variance, l.Term.Variance)
	}
	doubling := mge.Stage{Batches: mge.Doubling(16, 1)}
	fmt.Println("batches", levels.Variances().Allocate(doubling).Batches, "instead of", doubling.Batches)
	// Output:
	// level 0: V 0.99 alone, 0.06 in the sum
	// level 1: V 0.99 alone, 0.99 in the sum
	// batches [8 72] instead of [16 32]
}
