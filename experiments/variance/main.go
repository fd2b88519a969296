// Command variance measures the gradient estimator by the methods of Multilevel
// Monte Carlo (Giles 2015): level by level, with initial and trained weights, for
// each restriction and way to degrade.
//
//	go run ./experiments/variance [-task denoising|deblurring|inpainting|superresolution|awgn|sharpening|filling|restoration] [-network NAME] [-data NAME] [-init M.onnx] ...
//
// It writes a report as Markdown and CSV, with figures, and prints it.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/variance"
	"multiscale/pkg/program"
)

func main() { program.Command("variance", catalog.Catalog{}, variance.Main) }
