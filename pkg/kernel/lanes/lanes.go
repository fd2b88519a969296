// Package lanes holds the inner loops of convolutions and matrix products.
// They share a data layout, "lanes": each pixel has a vector with as many channels
// as a register holds. Gather turns planes (NCHW) into lanes, and Scatter turns
// lanes into planes. Product and the Winograd transforms work on lanes without any
// shuffling, so that meshes of 4x4 pixels cost no more per pixel than large ones.
package lanes

import "multiscale/pkg/kernel"

// These directives are here, because go generate ignores files of other architectures.
//go:generate go run -tags noasm ./generate -out lanes_amd64.s -stubs stubs_amd64.go -pkg lanes
//go:generate go run -tags noasm ./neon

// Kernels is one implementation of the inner loops.
type Kernels struct {
	Name  string // the kernel path it belongs to
	Lanes int    // channels in one vector
	Group int    // rows in a group of a Product, which lie at equal distances

	product  [MaxVectors]func(*Product)
	gather   func(*Gather)
	scatter  func(*Scatter)
	winograd [Maps]func(*Transform)
	total    func(*Total)
}

// MaxVectors is the largest width of a Product in vectors.
const MaxVectors = 2

// Columns returns the largest width of a Product in elements.
func (k *Kernels) Columns() int { return MaxVectors * k.Lanes }

// Product describes groups of rows of C = A*B, or C += A*B. Element (i, j) is the sum
// over all segments s and all k in [0, K) of
//
//	A[ARow[i/Group] + i%Group*AStep + s.A + k*AInner] * B[s.B + k*BInner + j]
//
// and goes to C[CRow[i/Group] + i%Group*CStep + j]. All offsets and distances count
// elements. ARow and CRow have the same length, the number of groups. The sums are
// computed in registers, a few groups at a time. With Accumulate, C is added to them at
// the end.
type Product struct {
	C, A, B                      []float32
	Segments                     []Segment
	CRow, ARow                   []int
	K                            int
	CStep, AStep, AInner, BInner int
	Accumulate                   bool
}

// Segment is one part of the sum of a Product: its offsets in A and B.
type Segment struct{ A, B int }

// Whole is the single segment of a sum that is not divided.
var Whole = []Segment{{}}

// Product computes vectors*k.Lanes columns of what p describes.
func (k *Kernels) Product(p *Product, vectors int) { k.product[vectors-1](p) }

// Gather copies Count consecutive pixels of Channels planes, at most Lanes of them, into
// lanes. The planes are Stride elements apart in Src. Pixel i goes to
// Dst[DstAt[i]:][:Lanes]; lanes beyond Channels are set to zero.
//
// If Items is not nil, it describes len(Items) copies: they are SrcItem elements apart
// in Src, and copy n goes to Dst[Items[n]:]. If the items lie far apart in main memory and
// the planes of each are contiguous, Ahead is the number of cache lines of an item, which
// are prefetched some items in advance; otherwise it is 0.
type Gather struct {
	Dst, Src                []float32
	DstAt                   []int32
	Stride, Count, Channels int
	Items                   []int32
	SrcItem, Ahead          int
}

// Gather does what g describes.
func (k *Kernels) Gather(g *Gather) { k.gather(g) }

// Scatter copies Count pixels from lanes, Step elements apart in Src, to Channels planes,
// at most Lanes of them, Stride elements apart in Dst. It adds Bias (one value per lane) and
// Residual (with the layout of Dst; it may be Dst) unless they are nil. Src must have room
// for Count pixels, rounded up to a multiple of Lanes.
//
// If Items is more than 1, it is the number of such copies. They are SrcItem elements apart
// in Src and DstItem elements apart in Dst and Residual; all have the same Bias. If the
// planes of an item are contiguous, Ahead is the number of their cache lines, and the next
// Lanes planes behind them are prefetched with every item; otherwise it is 0.
type Scatter struct {
	Dst, Src, Bias, Residual      []float32
	Stride, Step, Count, Channels int
	Items, SrcItem, DstItem       int
	Ahead                         int
}

// Scatter does what s describes.
func (k *Kernels) Scatter(s *Scatter) { k.scatter(s) }

// Transform applies a linear map to the rows and the columns of small squares
// of vectors. Element (i, j) of item n is read at
// Src[SrcAt[n] + i*SrcRow + j*SrcCol] and written at
// Dst[DstAt[n] + i*DstRow + j*DstCol].
type Transform struct {
	Dst, Src       []float32
	DstAt, SrcAt   []int32
	DstRow, DstCol int
	SrcRow, SrcCol int
}

// Map names a linear map of a minimal filtering algorithm with 3x3 weights.
type Map int

// The maps of Winograd's F(4x4, 3x3), which computes output tiles of 4x4 pixels from 6x6
// products, and those of an algorithm for images of 2x2 pixels with a padding of 1, which
// computes an image from 3x3 products. "6 to 4" is a map from 6x6 to 4x4 values.
const (
	Input         Map = iota // 6 to 6: a tile of the input
	Output                   // 6 to 4: products to a tile of the output
	Weights                  // 6 to 3: products to a gradient of 3x3 weights
	Filter                   // 3 to 6: 3x3 weights
	Gradient                 // 4 to 6: a tile of the output's gradient
	SmallInput               // 2 to 3: an image
	SmallOutput              // 3 to 2: products to an image
	SmallWeights             // 3 to 3: products to a gradient of 3x3 weights
	SmallFilter              // 3 to 3: 3x3 weights
	SmallGradient            // 2 to 3: the gradient of an image
	Maps                     // the number of maps
)

// Transform applies m to the items that t describes, at least one.
func (k *Kernels) Transform(m Map, t *Transform) { k.winograd[m](t) }

// Total sums Src, whose length must be a positive multiple of TotalUnit, in parallel
// strands. It leaves partial sums in the first Lanes elements of Sums; the caller adds
// them.
type Total struct {
	Src  []float32
	Sums [16]float32
}

// TotalUnit divides the length of Src in a Total.
const TotalUnit = 64

// Total does what t describes.
func (k *Kernels) Total(t *Total) { k.total(t) }

var implementations = kernel.Choose(byPath())

// Active returns the kernels of the process's path. It panics if kernel.Check returns an
// error.
func Active() *Kernels { return implementations.Active() }

// For returns the kernels of a path of package kernel that this machine supports.
func For(path string) *Kernels { return implementations.For(path) }
