// Package attention is the core of self-attention: scaled dot products, softmax and
// weighted sums, with their gradient, in memory that grows with the number of positions.
//
// Keys and values are packed once, in tiles. A few queries at a time meet one tile after
// the other: products of package lanes give their scores, one column for each query, and
// the softmax runs down the columns. The T x T matrix of weights never exists; the backward
// pass makes its parts again.
package attention
