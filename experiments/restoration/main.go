// Command restoration trains a network to restore pictures from pairs of degraded and
// clean ones, by single-scale training, MGE and Full-Multiscale, and compares them.
//
//	go run ./experiments/restoration -data pairs -root DIR [-validation DIR] [-profile quick|cpu|paper] [-network NAME] ...
//
// DIR has degraded/ and clean/, with pictures of equal names. If the clean ones have
// twice the sides, it trains networks that enlarge. It writes a run folder with tables,
// pictures and the networks as ONNX files.
package main

import "multiscale/pkg/program"

func main() { program.Train("restoration") }
