package mesh

// Part is a batch that contributes to a gradient.
type Part struct {
	Batch  Batch
	Weight float64 // factor of the gradient of the batch's mean loss in the sum
	// Of is the number of samples by which the sum of losses is divided. It is larger than the
	// batch if that is a part of a larger one; 0 stands for the size of the batch.
	Of int
	// Destination is the number, from 0, of the sum to which the gradient is added.
	Destination int
	// Key and the numbers of the samples determine the network's random masks. It distinguishes
	// the parts of one gradient.
	Key uint64
	// Stride, if it is more than 1, gives pixel (i,j) the random mask that pixel
	// (Stride*i, Stride*j) has on a mesh that is finer by this factor, with the same key and
	// samples.
	Stride int
	// Follow makes this batch update the running statistics of batch normalisations.
	Follow bool
	// Loss is set by an evaluation: the sum of the samples' losses divided by Of. For a whole
	// batch it is the mean loss. The losses of its parts add up to that.
	Loss float64
}

// Mean is the number of samples by which the sum of losses is divided.
func (p Part) Mean() int {
	if p.Of > 0 {
		return p.Of
	}
	return p.Batch.Len()
}

// Request asks for samples From to To-1 of the batch for the term of a level in an iteration.
// The whole batch has Size samples. To 0 stands for Size.
type Request struct {
	Iteration, Level int
	Size             int
	From, To         int
	// Coarse asks for the same samples on the next coarser mesh, too.
	Coarse bool
	// Crops is the fraction of samples that are crops of the image on the finest mesh, with the
	// sides of the level's mesh, instead of whole images on the level's mesh; see Cropped. With
	// Resized the crops have random sizes, from these sides to the whole image, and are resized
	// to these sides.
	Crops   float64
	Resized bool
}

// Cropped reports whether the sample with the given number in the batch is a crop. Among the first n
// samples there are floor(n*Crops) crops.
func (r Request) Cropped(sample int) bool {
	return int(float64(sample+1)*r.Crops) > int(float64(sample)*r.Crops)
}

// Range returns the range [from,to) of the samples.
func (r Request) Range() (from, to int) {
	if r.To == 0 {
		return r.From, r.Size
	}
	return r.From, r.To
}
