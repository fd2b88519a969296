package mge

// Mixed has the meshes and batches of MGE without differences between meshes. A step takes the plain
// mean gradient of all samples, each on its own mesh. It is biased, because gradients on coarse meshes
// are not those on the finest one, and cheaper than MGE by the cost of the coarse parts. As a control it
// shows what the differences contribute.
var Mixed = Strategy{"mixed", func(w Work) ([]Stage, error) {
	return []Stage{{Batches: w.Batches, Iterations: w.Iterations, Mixed: true}}, nil
}}
