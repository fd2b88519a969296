package mesh

// Part is a batch as one contribution to a gradient.
type Part struct {
	Batch  Batch
	Weight float64 // of the gradient of the batch's mean loss in the sum
	// Key decides, with the numbers of the samples, what is random in a network
	// that is evaluated on the batch. It tells apart the parts of one gradient.
	Key uint64
	// Stride, if it is more than 1, says that pixels have the random masks of pixels
	// (Stride*i, Stride*j) of a mesh that is finer by this factor, where it is
	// evaluated with the same key and samples.
	Stride int
	// Loss is the mean loss of the batch, once the part has been evaluated.
	Loss float64
}
