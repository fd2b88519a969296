// Command restore has a model of the image form restore a picture:
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
	model, err := onnx.ReadFile(os.Args[1])
	check(err)
	runner, err := backend.New(model) // in Go alone
	check(err)
	photo, err := picture.Open(os.Args[2])
	check(err)
	image := onnx.Value{Shape: []int{1, 3, photo.H, photo.W}, Data: make([]float32, 3*photo.H*photo.W)}
	photo.Float(image.Data) // planes of red, green and blue in [0,1]
	out, err := runner.Run(map[string]onnx.Value{"image": image})
	check(err)
	restored := out["restored"]
	check(picture.FromFloat(restored.Data, restored.Shape[3], restored.Shape[2]).Save(os.Args[3]))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
