// Command restore restores a picture by a model of the image form:
//
//	go run . image.onnx photo.png restored.png
package main

import (
	"log"
	"os"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/pkg/picture"
)

func main() {
	model := must(onnx.ReadFile(os.Args[1]))
	runner := must(backend.New(model)) // in Go alone
	photo := must(picture.Open(os.Args[2]))
	image := onnx.Value{Shape: []int{1, 3, photo.H, photo.W}, Data: make([]float32, 3*photo.H*photo.W)}
	photo.Float(image.Data) // planes of red, green and blue in [0,1]
	restored := must(runner.Run(map[string]onnx.Value{"image": image}))["restored"]
	result := picture.FromFloat(restored.Data, restored.Shape[3], restored.Shape[2])
	if err := result.Save(os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
