// Package picture reads and writes pictures and holds them as planes of red,
// green and blue, the order that networks want.
//
// It reads PNG, JPEG, GIF, BMP, TIFF and WebP, and writes all of them but WebP.
// Decoding is in two steps: Read gives a Decoded, which has all that the pixels of
// the file hold (grey or colour, 8 or 16 bits, alpha), upright and in sRGB, with
// notes of what was changed or left out; Planar and NRGBA bring it to the form that
// is worked on.
//
// Files are untrusted: the size in the header is checked before anything is allocated, a
// decoder that panics is an error like any other, and every error names the file. Errors
// name formats that are not supported; "damaged" stands only for formats that are.
package picture
