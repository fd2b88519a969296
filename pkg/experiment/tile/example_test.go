package tile_test

import (
	"context"
	"fmt"
	"testing"

	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/experiment/tile"
)

// A grey picture of 200x100 pixels in tiles.
func Example() {
	s, err := session.Load("smooth.onnx", sessiontest.Smooth(&testing.T{}), session.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	r := &tile.Runner{Session: s, Side: 64}
	in := tile.Picture{C: 3, H: 100, W: 200, Read: func(dst []float32, _, _, _, _ int) {
		for i := range dst {
			dst[i] = 0.25
		}
	}}
	plan, err := r.Plan(in.H, in.W)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan.Tiles, "tiles; as if taken as a whole:", plan.Exact)
	err = r.Run(context.Background(), in, []float32{0.5}, func(red [][]float32, y, rows int) {
		fmt.Println("rows", y, "to", y+rows-1, "of", red[0][0])
	}, nil)
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 8 tiles; as if taken as a whole: true
	// rows 0 to 49 of 0.5
	// rows 50 to 99 of 0.5
}
