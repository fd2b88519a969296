package mesh

// Part is a batch as one contribution to a gradient.
type Part struct {
	Batch  Batch
	Weight float64 // of the gradient of the batch's mean loss in the sum
	// Of is the number of samples of the mean, if the batch is a part of a larger one.
	// 0 stands for the size of the batch.
	Of int
	// Destination is the number of the sum to which the gradient is added, from 0.
	Destination int
	// Key decides, with the numbers of the samples, the random masks of a network that
	// is evaluated on the batch. It distinguishes the parts of one gradient.
	Key uint64
	// Stride, if it is more than 1, gives pixels (i,j) the random masks of pixels
	// (Stride*i, Stride*j) of a mesh that is finer by this factor, with the same key
	// and samples.
	Stride int
	// Follow says that this batch updates the running statistics of batch normalisations.
	Follow bool
	// An evaluation sets Loss: the sum of the samples' losses divided by Of. For a whole
	// batch it is the mean loss; those of its parts add up to it.
	Loss float64
}

// Mean is the number of samples in the mean of the part.
func (p Part) Mean() int {
	if p.Of > 0 {
		return p.Of
	}
	return p.Batch.Len()
}

// Request is a request for samples From to To-1 of the batch of Size samples of an
// iteration, for the term of a level. To 0 stands for Size.
type Request struct {
	Iteration, Level int
	Size             int
	From, To         int
	// Coarse requests the same samples also on the next coarser mesh.
	Coarse bool
	// Crops is the share of samples that are crops of the finest mesh, with the sides of the
	// level's mesh, instead of images on it: those of Cropped. With Resized the crops have
	// random sizes, from these sides to the whole image, and are resized to these sides.
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
