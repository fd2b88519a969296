// Command awgn trains a network to remove additive white Gaussian noise of known strength, the standard benchmark
// of denoising, and compares strategies.
//
//	go run ./experiments/awgn [-sigma LO-HI] [-profile quick|cpu|paper] [-network folded] [-data NAME] ...
//
// It writes a run folder with tables, pictures and the networks as ONNX files.
package main

import "multiscale/pkg/program"

func main() { program.Train("awgn") }
