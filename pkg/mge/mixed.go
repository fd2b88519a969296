package mge

// Mixed has the meshes and batches of MGE without the differences between meshes: a step is the plain
// mean gradient of all samples, each on its own mesh. It is biased, since coarse meshes are not the
// finest one, and cheaper than MGE by the cost of the differences. It is the control that shows what
// the differences are worth.
var Mixed = Strategy{"mixed", func(w Work) ([]Stage, error) {
	return []Stage{{Batches: w.Batches, Iterations: w.Iterations, Mixed: true}}, nil
}}
