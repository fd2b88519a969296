// Package scaling predicts how training scales over ranks that sum their gradients by a binary tree: recursive halving, then
// an all-gather. docs/scaling.md has its tables and says what it leaves out.
package scaling

import "math"

// Network is what a step of training costs on one rank.
type Network struct {
	Name       string
	Parameters int
	// Seconds of the gradient of an image of Side by Side pixels, on one core.
	Seconds float64
	// Fixed is the seconds that a run of the graph takes whatever its images are.
	Fixed float64
}

// Side is that of Network.Seconds, in pixels.
const Side = 64

// Link is what ranks are connected by.
type Link struct {
	Gigabits float64 // a second, in each direction
	Latency  float64 // seconds a message
}

// Machine is a rank: its cores share the work of its images evenly.
type Machine struct{ Cores int }

// Bytes is what a rank sends, and receives, in one step: the halves, quarters and so on of the gradient, and
// the same of its sum.
func Bytes(n Network, ranks int) float64 {
	return 2 * 4 * float64(n.Parameters) * float64(ranks-1) / float64(ranks)
}

// Communication is the seconds that the sum of the gradient and the all-gather take: 2 log2 R messages.
func Communication(n Network, l Link, ranks int) float64 {
	messages := 2 * math.Log2(float64(ranks))
	return float64(messages*l.Latency) + 8*Bytes(n, ranks)/(l.Gigabits*1e9)
}

// Term is the batch of one mesh in a step.
type Term struct {
	Side   int
	Images int
}

// Compute is the seconds of the terms on one of ranks. Images are not divided: the rank that has most decides.
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

// Step is the seconds of a step on ranks: nothing is overlapped.
func Step(n Network, m Machine, l Link, terms []Term, ranks int) float64 {
	return Compute(n, m, terms, ranks) + Communication(n, l, ranks)
}

// Strong is the efficiency of a batch that is shared out: the time of one rank over ranks times theirs.
func Strong(n Network, m Machine, l Link, terms []Term, ranks int) float64 {
	return Step(n, m, l, terms, 1) / (float64(ranks) * Step(n, m, l, terms, ranks))
}

// Weak is the efficiency of a batch that grows with the ranks: the time of one rank over theirs.
func Weak(n Network, m Machine, l Link, terms []Term, ranks int) float64 {
	return Step(n, m, l, terms, 1) / Step(n, m, l, grown(terms, ranks), ranks)
}

// grown are the terms with a batch for each rank.
func grown(terms []Term, ranks int) []Term {
	all := make([]Term, len(terms))
	for i, t := range terms {
		all[i] = Term{t.Side, t.Images * ranks}
	}
	return all
}

// MaxRanks is the largest number of ranks, of powers of two up to limit, that share a batch out with at least an efficiency.
func MaxRanks(n Network, m Machine, l Link, terms []Term, efficiency float64, limit int) int {
	most := 1
	for r := 2; r <= limit && Strong(n, m, l, terms, r) >= efficiency; r *= 2 {
		most = r
	}
	return most
}
