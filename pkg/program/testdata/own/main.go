// Command own trains a custom network for a custom task on custom pictures.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/dataset"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
	"multiscale/pkg/program"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

func main() {
	program.Main(catalog.Catalog{
		Tasks: []task.Task{saltAndPepper}, Networks: []network.Network{narrow{}}, Data: []dataset.Format{gradients},
	})
}

// saltAndPepper restores images in which a fifth of the pixels is white or black.
var saltAndPepper = task.Task{
	Name: "saltandpepper", Scaling: &pixel.Signed, // so that white is 1 and black is -1
	Degrade: func(input, clean pixel.Images, at task.Grid, t []float32, r *random.Stream) error {
		copy(input.Data, clean.Data)
		for i := range clean.Plane() {
			for c, u := 0, r.Float32(); c < clean.C && u < 0.2; c++ {
				input.Data[c*clean.Plane()+i] = 1 - 2*float32(int(10*u))
			}
		}
		return nil
	},
}
