// Command restore runs an exported model on a picture of any size.
//
//	go run ./experiments/restore -model M.onnx -in PICTURE -out PICTURE [-t T] [-test noise=0.2|blur=3|boxes|half] ...
//
// The noise is estimated from the picture unless -t gives it. With -test the
// picture must be clean and is degraded first. A model for super-resolution writes
// a picture of twice the sides.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/restore"
	"multiscale/pkg/program"
	"multiscale/results/models"
)

func main() { program.Command("restore", catalog.Catalog{Models: models.Files}, restore.Main) }
