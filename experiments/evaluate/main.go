// Command evaluate measures exported models on the validation pictures of a data
// set, or on a folder of clean pictures: whole pictures, with fixed
// degradations.
//
//	go run ./experiments/evaluate -model M.onnx [-model ...] -data NAME -root DIR [-noise 0.1,0.3] [-blur 3] ...
//
// or by a benchmark of the field, with published figures for comparison:
//
//	go run ./experiments/evaluate -benchmark awgn-color -root DIR [-list FILE] [-model M.onnx ...]
//
// It prints a table of MSE, PSNR and SSIM, with those of the degraded pictures,
// and writes it as Markdown and CSV, and another CSV with a row for every picture.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/evaluate"
	"multiscale/pkg/program"
	"multiscale/results/models"
)

func main() { program.Command("evaluate", catalog.Catalog{Models: models.Files}, evaluate.Main) }
