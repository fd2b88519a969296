package mesh

// Part is a batch as one contribution to a gradient.
type Part struct {
	Batch  Batch
	Weight float64 // of the gradient of the batch's mean loss in the sum
	// Key decides, with the numbers of the samples, what is random in a network
	// that is evaluated on the batch. It tells apart the parts of one gradient.
	Key uint64
	// Loss is the mean loss of the batch, once the part has been evaluated.
	Loss float64
}
