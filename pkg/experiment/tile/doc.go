// Package tile runs a network on pictures of any size in bounded memory: on the
// whole picture where that fits, else on tiles that overlap.
//
// Where the network's reach is bounded, each pixel of the result is taken from a
// tile that holds all pixels within reach: the result is that of the whole
// picture. Networks that normalise over the picture, or attend to all of it,
// give each tile its own statistics; then tiles overlap widely and are blended,
// from one to the next, so that no seam is visible.
package tile
