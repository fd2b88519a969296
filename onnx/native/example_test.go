package native_test

import (
	"fmt"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/onnx/native"
	"multiscale/pkg/network"
)

// An exported network runs again as the original network.
func Example() {
	n := network.ESPCN{Channels: 3, Hidden1: 4, Hidden2: 4, Factor: 2}
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := export.Network(n, 3, params, export.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := native.New(m, export.Extensions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := again.Run(map[string]onnx.Value{"x": {Shape: []int{2, 3, 8, 6}, Data: make([]float32, 2*3*8*6)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(again.Network.Name(), out["y"].Shape)
	// Output: espcn [2 3 16 12]
}
