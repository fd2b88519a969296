// Package conv computes two-dimensional convolutions (cross-correlations, as is
// usual in neural networks) and their gradients, in float32 and NCHW order.
//
// All computations use package lanes: a window of the input is gathered once
// into vectors of channels, products are computed there, and the result is
// scattered back to planes together with bias, shift and residual. There is no
// im2col buffer. 3x3 convolutions of stride 1 may use Winograd's F(4x4, 3x3),
// which needs a quarter of the multiplications; on images of 2x2 pixels they may
// use a special minimal algorithm (see Algorithm). The weight gradient of a
// convolution with few input channels is computed in vectors of outputs.
//
// The shape alone determines how the work is cut, and every sum has a fixed
// order. Results therefore do not depend on the number of cores.
package conv
