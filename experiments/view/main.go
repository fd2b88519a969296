// Command view serves a local page: try models on pictures, watch runs.
//
//	go run ./experiments/view [-addr 127.0.0.1:8080] [-model M.onnx ...] [RUNFOLDER ...]
//
// It listens on this machine's loopback address unless -addr says otherwise, needs no network,
// and ends with Ctrl-C.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/view"
	"multiscale/pkg/program"
	"multiscale/results/models"
)

func main() { program.Command("view", catalog.Catalog{Models: models.Files}, view.Main) }
