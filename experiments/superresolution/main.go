// Command superresolution trains a network to enlarge pictures by two, by
// single-scale training, MGE and Full-Multiscale, and compares them.
//
//	go run ./experiments/superresolution [-profile quick|cpu|paper] [-network srnet|espcn|resnet] [-data NAME] ...
//
// It writes a run folder with tables, pictures and the networks as ONNX files.
package main

import "multiscale/pkg/program"

func main() { program.Train("superresolution") }
