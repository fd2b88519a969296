package mesh

// Part is a batch as one contribution to a gradient.
type Part struct {
	Batch  Batch
	Weight float64 // of the gradient of the batch's mean loss in the sum
	// Of is the number of samples that the mean is over, if it is more than the batch's
	// own: the batch is then a part of one of Of samples. 0 stands for the batch's own.
	Of int
	// Destination is the number of the sum that the gradient goes to, from 0.
	Destination int
	// Key decides, with the numbers of the samples, what is random in a network
	// that is evaluated on the batch. It tells apart the parts of one gradient.
	Key uint64
	// Stride, if it is more than 1, says that pixels have the random masks of pixels
	// (Stride*i, Stride*j) of a mesh that is finer by this factor, where it is
	// evaluated with the same key and samples.
	Stride int
	// Follow says that the running statistics of normalisations over batches follow those of
	// this batch.
	Follow bool
	// Loss is set by an evaluation: the sum of the samples' losses over Of. It is the mean
	// loss of a whole batch; those of the parts of a batch add up to it.
	Loss float64
}

// Mean is the number of samples that the mean of the part is over.
func (p Part) Mean() int {
	if p.Of > 0 {
		return p.Of
	}
	return p.Batch.Len()
}

// Request asks for samples From to To-1 of the batch of Size samples that an iteration
// has for the term of a level. To 0 stands for Size.
type Request struct {
	Iteration, Level int
	Size             int
	From, To         int
	// Coarse asks for the same samples on the next coarser mesh, too.
	Coarse bool
	// Crops is the share of samples that are crops of the finest mesh, with the sides of the
	// level's mesh, instead of images on it: those that Cropped names. With Resized the crops
	// have random sizes, from these sides to the whole image, and are brought to these sides.
	Crops   float64
	Resized bool
}

// Cropped reports whether a sample of the batch, by its number, is a crop. Of the first n samples
// floor(n*Crops) are.
func (r Request) Cropped(sample int) bool {
	return int(float64(sample+1)*r.Crops) > int(float64(sample)*r.Crops)
}

// Range returns the numbers of the first sample and of the one after the last.
func (r Request) Range() (from, to int) {
	if r.To == 0 {
		return r.From, r.Size
	}
	return r.From, r.To
}
