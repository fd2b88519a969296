// Package blur convolves pictures with a Gaussian that is periodic at the
// borders: the operator K of deblurring.
//
// K multiplies the two-dimensional Fourier transform of a picture by S, the
// transform of the point spread function. An axis-aligned Gaussian is a product
// of one along the rows and one along the columns, and so is S: one dimension
// is done after the other. There, transform, S and transform back are together
// one circulant matrix, and as long as it is small enough, multiplying by that
// matrix gives the same numbers several times faster than fast transforms do.
package blur
