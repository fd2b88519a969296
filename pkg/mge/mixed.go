package mge

// Mixed has the meshes and batches of MGE without the differences between meshes: a step is the plain
// mean gradient of all samples, each on its own mesh. It is biased, as coarse meshes are not the finest
// one, and cheaper than MGE's by what the differences cost: the control that says what they are worth.
var Mixed = Strategy{"mixed", func(w Work) ([]Stage, error) {
	return []Stage{{Batches: w.Batches, Iterations: w.Iterations, Mixed: true}}, nil
}}
