// Package picture reads and writes pictures. In memory they are planes of red, green and
// blue, the layout that networks need.
//
// It reads PNG, JPEG, GIF, BMP, TIFF and WebP, and writes the same formats except WebP.
// Decoding has two steps. Read returns a Decoded, which has all data of the file's pixels
// (grey or colour, 8 or 16 bits, alpha), upright and in sRGB, with notes on what was
// changed or left out. Planar, Exact and NRGBA convert it to the form that callers need.
//
// Files are untrusted: the size in the header is checked before memory is allocated, a
// panic of a decoder becomes an error, and every error names the file. For unsupported
// formats the error names the format; it says "damaged" only for supported ones.
package picture
