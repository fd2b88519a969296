// Package scaling predicts how training scales over ranks that sum their gradients in a binary tree, by recursive halving
// and an all-gather. docs/scaling.md has its tables and describes what the model leaves out.
package scaling

import "math"

// Network has the costs of a training step on one rank.
type Network struct {
	Name       string
	Parameters int
	// Seconds is the time on one core for the gradient of an image of Side by Side pixels.
	Seconds float64
	// Fixed is the time in seconds of a run of the graph that does not depend on its images.
	Fixed float64
}

// Side is the side in pixels of the image of Network.Seconds.
const Side = 64

// Link is the connection between ranks.
type Link struct {
	Gigabits float64 // per second, in each direction
	Latency  float64 // seconds per message
}

// Machine is a rank, whose cores share the work of its images evenly.
type Machine struct{ Cores int }

// Bytes is the number of bytes that a rank sends, and receives, in one step: a half, a quarter and so on of the gradient,
// and the same parts of the sum.
func Bytes(n Network, ranks int) float64 {
	return 2 * 4 * float64(n.Parameters) * float64(ranks-1) / float64(ranks)
}

// Communication is the time in seconds for the sum of the gradient and the all-gather, with 2 log2 R messages.
func Communication(n Network, l Link, ranks int) float64 {
	messages := 2 * math.Log2(float64(ranks))
	return float64(messages*l.Latency) + 8*Bytes(n, ranks)/(l.Gigabits*1e9)
}

// Term is the batch of one mesh in a step.
type Term struct {
	Side   int
	Images int
}

// Compute is the time in seconds for the terms on ranks. Images are not divided, so that the rank with the most images
// determines the time.
func Compute(n Network, m Machine, terms []Term, ranks int) (seconds float64) {
	for _, t := range terms {
		images := math.Ceil(float64(t.Images) / float64(ranks))
		if images == 0 {
			continue
		}
		pixels := float64(t.Side*t.Side) / (Side * Side)
		seconds += n.Fixed + float64(images*n.Seconds*pixels)/float64(m.Cores)
	}
	return seconds
}

// Step is the time in seconds of a step on ranks, without overlap of computation and communication.
func Step(n Network, m Machine, l Link, terms []Term, ranks int) float64 {
	return Compute(n, m, terms, ranks) + Communication(n, l, ranks)
}

// Strong is the efficiency of strong scaling, with one batch that is divided among the ranks: the time of one rank divided
// by ranks times their time.
func Strong(n Network, m Machine, l Link, terms []Term, ranks int) float64 {
	return Step(n, m, l, terms, 1) / (float64(ranks) * Step(n, m, l, terms, ranks))
}

// Weak is the efficiency of weak scaling, with a batch for each rank: the time of one rank divided by their time.
func Weak(n Network, m Machine, l Link, terms []Term, ranks int) float64 {
	return Step(n, m, l, terms, 1) / Step(n, m, l, grown(terms, ranks), ranks)
}

// grown returns the terms with a batch for each rank.
func grown(terms []Term, ranks int) []Term {
	all := make([]Term, len(terms))
	for i, t := range terms {
		all[i] = Term{t.Side, t.Images * ranks}
	}
	return all
}

// MaxRanks is the largest power of two of ranks, up to limit, for which strong scaling has at least the given efficiency.
func MaxRanks(n Network, m Machine, l Link, terms []Term, efficiency float64, limit int) int {
	most := 1
	for r := 2; r <= limit && Strong(n, m, l, terms, r) >= efficiency; r *= 2 {
		most = r
	}
	return most
}
