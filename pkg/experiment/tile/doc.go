// Package tile runs a network on pictures of any size in bounded memory: on the
// whole picture if that fits, else on overlapping tiles.
//
// If the network's receptive field is bounded, each pixel of the result comes from a
// tile that contains the pixel's receptive field. So the result is the same as that of
// the whole picture. Networks that normalise over the picture, or attend to all of it,
// give each tile its own statistics. Their tiles overlap widely and are blended, so
// that no seam is visible.
package tile
