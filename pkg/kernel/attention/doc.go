// Package attention computes the core of self-attention and its gradient: scaled dot
// products, softmax and weighted sums. Its memory is linear in the number of positions.
//
// Keys and values are packed once, in tiles. A few queries at a time are combined with one
// tile after the other. Products of package lanes compute their scores, one column for each
// query, and the softmax is taken along the columns. The T x T matrix of weights is never
// stored as a whole; the backward pass recomputes its parts.
package attention
