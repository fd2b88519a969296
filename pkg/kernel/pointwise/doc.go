// Package pointwise holds the kernels with little arithmetic per element:
// activations, sums, dropout, losses, concatenation, softmax and the updates of
// optimisers. Each is one pass over memory on all cores. The size of the problem
// alone determines how the work is cut. Functions panic if the lengths of slices
// do not match.
package pointwise
