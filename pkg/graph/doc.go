// Package graph compiles Gorgonia graphs for repeated runs. It checks that no two nodes have
// the same hash, places the results of this project's operations in one block of memory by
// liveness, and runs the graph on Gorgonia's tape machine or by a replay of its steps.
package graph
