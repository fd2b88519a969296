// Package pointwise holds the kernels that do little arithmetic for each
// element they touch: activations, sums, dropout, losses, concatenation,
// softmax and the optimisers' updates. Each is one pass over memory on all
// cores, cut by the problem's size alone.
package pointwise
