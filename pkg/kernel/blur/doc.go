// Package blur convolves pictures with a Gaussian under periodic boundary
// conditions: the operator K of deblurring.
//
// K multiplies the two-dimensional Fourier transform of a picture by S, the
// transform of the point spread function. An axis-aligned Gaussian is the product
// of a Gaussian along the rows and one along the columns, and so is S. The two
// dimensions are therefore blurred one after the other. In one dimension, the
// transform, the multiplication by S and the inverse transform are together a
// circulant matrix. Unless this matrix is large, multiplying by it is several times
// faster than fast Fourier transforms, with the same result up to rounding.
package blur
