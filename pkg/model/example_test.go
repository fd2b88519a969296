package model_test

import (
	"context"
	"fmt"

	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
)

// One model serves batches of any size and mesh.
func Example() {
	n := network.ResNet{Out: 3, Hidden: 8, Blocks: 1}
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := model.New(n, params, op.MSE)
	gradient := make([]float32, params.Len())
	for _, side := range []int{16, 8} {
		batch := mesh.Batch{
			Input:   pixel.NewImages(4, 3, side, side),
			Target:  pixel.NewImages(4, 3, side, side),
			Samples: []uint64{0, 1, 2, 3},
		}
		for i := range batch.Input.Data {
			batch.Input.Data[i] = 1
		}
		loss, err := m.AddGradient(context.Background(), gradient, batch, 0)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(side, loss > 0)
	}
	// Output:
	// 16 true
	// 8 true
}
