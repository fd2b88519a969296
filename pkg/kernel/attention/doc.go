// Package attention is the core of self-attention: scaled dot products,
// softmax and weighted sums, with their gradient. The T x T matrix of weights
// never exists as a whole when T is large: it is made, used and, in the
// backward pass, made again in blocks of rows.
package attention
