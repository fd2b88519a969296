// Package graph compiles Gorgonia graphs for many runs: it checks that Gorgonia
// can tell all nodes apart, lets the results of our operations share one block
// of memory by liveness, and runs Gorgonia's tape machine.
package graph
