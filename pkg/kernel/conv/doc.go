// Package conv computes two-dimensional convolutions (cross-correlations, as
// neural networks have them) and their gradients, in float32, NCHW order.
//
// All of them run through package lanes: a window of the input is gathered once
// into vectors of channels, products are formed there, and the result is
// scattered back to planes together with bias, shift and residual. There is no
// im2col buffer. 3x3 convolutions of stride 1 may go through Winograd's
// F(4x4, 3x3), which needs a quarter of the multiplications, and those of images of
// 2x2 pixels through an algorithm of their own; see Algorithm. Gradients of weights that
// meet only a few channels are formed in vectors of outputs.
//
// Work is cut up by shape alone and every sum has one order, so results do not
// depend on the number of cores.
package conv
