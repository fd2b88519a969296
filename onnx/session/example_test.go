package session_test

import (
	"context"
	"fmt"

	"multiscale/onnx/session"
	"multiscale/pkg/pixel"
)

// Restore a batch of one picture with an exported model.
func Example() {
	s, err := session.Open("results/runs/denoising-unet-deadleaves-quick/mge-seed1.onnx", session.Options{})
	if err != nil {
		fmt.Println("train it first: go run ./experiments/denoising")
		return
	}
	defer s.Close()
	x := pixel.NewImages(1, 3, 32, 32) // normalised with s.Pixels()
	y := make([]float32, len(x.Data))
	if err := s.Apply(context.Background(), y, x, []float32{0.8}); err != nil {
		fmt.Println(err)
	}
	// Output: train it first: go run ./experiments/denoising
}
