// Package lanes holds the inner loops of convolutions and matrix products.
// They share one way of laying out data, "lanes": vectors of as many channels
// as a register holds, one after the other for every pixel. Gather turns
// planes (NCHW) into lanes, Scatter turns lanes into planes, Product multiplies
// and the Winograd transforms work on lanes without any shuffling, so that
// meshes of 4x4 pixels cost no more per pixel than large ones.
package lanes

import "multiscale/pkg/kernel"

// Directives in files of one architecture would be left out on the others.
//go:generate go run -tags noasm ./generate -out lanes_amd64.s -stubs stubs_amd64.go -pkg lanes
//go:generate go run -tags noasm ./neon

// Kernels is one implementation of the inner loops.
type Kernels struct {
	Name  string // the kernel path it belongs to
	Lanes int    // channels in one vector
	Group int    // rows of a Product that lie at equal distances

	product  [MaxVectors]func(*Product)
	gather   func(*Gather)
	scatter  func(*Scatter)
	winograd [Maps]func(*Transform)
	total    func(*Total)
}

// MaxVectors is how wide a Product is at most.
const MaxVectors = 2

// Columns is the width of a full Product.
func (k *Kernels) Columns() int { return MaxVectors * k.Lanes }

// Product describes groups of rows of C = A*B, or C += A*B. Element (i, j) is the sum
// over all segments s and all k in [0, K) of
//
//	A[ARow[i/Group] + i%Group*AStep + s.A + k*AInner] * B[s.B + k*BInner + j]
//
// and goes to C[CRow[i/Group] + i%Group*CStep + j]. All numbers count elements. ARow and
// CRow are of one length. The sums are formed in registers, a few groups at a time; C is
// added to them at the end.
type Product struct {
	C, A, B                      []float32
	Segments                     []Segment
	CRow, ARow                   []int
	K                            int
	CStep, AStep, AInner, BInner int
	Accumulate                   bool
}

// Segment is one stretch of a Product's sum: where it starts in A and in B.
type Segment struct{ A, B int }

// Whole is the single segment of a sum that is not cut up.
var Whole = []Segment{{}}

// Product computes vectors*k.Lanes columns of what p describes.
func (k *Kernels) Product(p *Product, vectors int) { k.product[vectors-1](p) }

// Gather copies Count consecutive pixels of up to Lanes planes, Stride elements
// apart in Src, into lanes: pixel i goes to Dst[DstAt[i]:][:Lanes], zero beyond
// the planes given. DstAt is padded to a multiple of Lanes with offsets that may
// be overwritten; zeros are written there. Items, if not nil, are several such
// copies at once: SrcItem elements apart in Src, and number n goes to Dst[Items[n]:].
// Ahead, if not zero, is the number of cache lines that planes side by side take: they
// are fetched some items before their turn, for items that lie far apart in main memory.
type Gather struct {
	Dst, Src                []float32
	DstAt                   []int32
	Stride, Count, Channels int
	Items                   []int32
	SrcItem, Ahead          int
}

// Gather does what g describes.
func (k *Kernels) Gather(g *Gather) { k.gather(g) }

// Scatter copies Count pixels from lanes, Step elements apart in Src, to up to
// Lanes planes, Stride elements apart in Dst, and adds Bias (one value per lane)
// and Residual (which lies as Dst does, and may be Dst) if they are not nil. Src must
// hold Count rounded up to a multiple of Lanes. Items, if more than 1, is the number of
// such copies, which are SrcItem elements apart in Src and DstItem in Dst and Residual;
// all have the same Bias. Ahead, if not zero, is the number of cache lines that planes
// side by side take: those of the next Lanes planes are fetched with every item.
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

// The maps of Winograd's F(4x4, 3x3), tiles of 4x4 pixels of the output from 6x6
// products; and those of images of 2x2 pixels, padded with zeros, from 3x3.
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
	Maps                     // how many there are
)

// Transform applies m to the items that t describes, at least one.
func (k *Kernels) Transform(m Map, t *Transform) { k.winograd[m](t) }

// Total adds up Src, whose length must be a positive multiple of TotalUnit, in
// strands; Sums are what is left to add, in its first Lanes elements.
type Total struct {
	Src  []float32
	Sums [16]float32
}

// TotalUnit is what lengths of a Total are multiples of.
const TotalUnit = 64

// Total does what t describes.
func (k *Kernels) Total(t *Total) { k.total(t) }

var implementations = kernel.Choose(byPath())

// Active returns the kernels of the process's path. It panics where kernel.Check
// returns an error.
func Active() *Kernels { return implementations.Active() }

// For returns the kernels of a path of package kernel that this machine supports.
func For(path string) *Kernels { return implementations.For(path) }
