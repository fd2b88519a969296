// Package picture reads and writes pictures and holds them as planes of red,
// green and blue, the order that networks want. The file formats (PNG, JPEG,
// GIF, BMP, TIFF) are those of github.com/disintegration/imaging.
//
// Pictures come from anywhere, so nothing in a file is believed: the size in
// the header is checked before anything is allocated, a decoder that panics is
// an error like any other, and every error names the file.
package picture
