// Command sharpening trains a network to remove a blur of unknown strength from photographs, and compares strategies.
//
//	go run ./experiments/sharpening [-sigma LO-HI] [-profile quick|cpu|paper] [-network folded] [-data NAME] ...
//
// It writes a run folder with tables, pictures and the networks as ONNX files.
package main

import "multiscale/pkg/program"

func main() { program.Train("sharpening") }
