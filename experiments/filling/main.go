// Command filling trains a network to fill boxes and strokes in photographs, and compares strategies.
//
//	go run ./experiments/filling [-profile quick|cpu|paper] [-network folded] [-data NAME] ...
//
// It writes a run folder with tables, pictures and the networks as ONNX files.
package main

import "multiscale/pkg/program"

func main() { program.Train("filling") }
