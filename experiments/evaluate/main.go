// Command evaluate measures exported models on the validation pictures of a data
// set, or on a folder of clean pictures: whole pictures, with fixed
// degradations.
//
//	go run ./experiments/evaluate -model M.onnx [-model ...] -data NAME -root DIR [-noise 0.1,0.3] [-blur 3] ...
//
// or as the field does, beside published figures:
//
//	go run ./experiments/evaluate -benchmark awgn-color -root DIR [-list FILE] [-model M.onnx ...]
//
// It prints a table of MSE, PSNR and SSIM, beside those of the degraded pictures
// themselves, and writes it as Markdown and CSV, with a row for every picture in
// another CSV.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/evaluate"
	"multiscale/pkg/program"
	"multiscale/results/models"
)

func main() { program.Command("evaluate", catalog.Catalog{Models: models.Files}, evaluate.Main) }
