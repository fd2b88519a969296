// Command inpainting trains a network to fill missing boxes of noisy pictures,
// by single-scale training, MGE and Full-Multiscale, and compares them.
//
//	go run ./experiments/inpainting [-profile quick|cpu|paper] [-network unet|resnet] [-data NAME] ...
//
// It writes a run folder with tables, pictures and the networks as ONNX files.
package main

import "multiscale/pkg/program"

func main() { program.Train("inpainting") }
