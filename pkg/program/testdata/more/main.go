// Command more adds a custom operation, loss, restriction and optimizer.
package main

import (
	"multiscale/onnx/export"
	"multiscale/pkg/catalog"
	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/optimize"
	"multiscale/pkg/program"
	"multiscale/pkg/task"
)

func main() {
	robust := task.Denoising()
	robust.Name, robust.Loss = "robust", cauchy
	program.Main(catalog.Catalog{
		Tasks: []task.Task{robust}, Networks: []network.Network{soft{}},
		Restrictions: []mesh.Restriction{diagonal{}}, Optimizers: optimize.Methods{signum},
		Operations: export.Extensions{Writers: map[string]export.Writer{"Softplus": export.Typed(writeSoftplus)}},
	})
}
