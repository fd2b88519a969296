// Command variance measures the gradient estimator as Multilevel Monte Carlo is
// measured (Giles 2015): level by level, at initialisation and of trained
// networks, for each way to restrict and to degrade.
//
//	go run ./experiments/variance [-task denoising|deblurring|inpainting|superresolution|restoration] [-network NAME] [-data NAME] [-init M.onnx] ...
//
// It writes a report as Markdown and CSV, with figures, and prints it.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/variance"
	"multiscale/pkg/program"
)

func main() { program.Command("variance", catalog.Catalog{}, variance.Main) }
