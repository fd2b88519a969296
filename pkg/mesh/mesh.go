// Package mesh defines the hierarchy of meshes, of width h (the finest, level 0), 2h, 4h, ...:
// batches of images on a mesh, the operators that restrict images to the next coarser mesh, and
// the cost of work on each mesh.
package mesh

import (
	"slices"
	"sync"

	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/pixel"
)

// Cost is the work, in work units, of applying a network to one image on the mesh of a level:
// 4^-level. One work unit is one image on the finest mesh (the paper's section on computational
// cost).
func Cost(level int) float64 {
	cost := 1.0
	for range level {
		cost /= 4
	}
	return cost
}

// Side is the number of pixels of a side on the mesh of a level, given that of the finest mesh.
func Side(finest, level int) int { return finest >> level }

// Restriction restricts images to the next coarser mesh. Any number of goroutines
// may call its methods.
type Restriction interface {
	// Name is the operator's name in flags and files.
	Name() string
	// Halve writes the restriction of x (N,C,H,W) to the next coarser mesh to y
	// (N,C,H/2,W/2). Sides are rounded down.
	Halve(y, x pixel.Images)
}

// Picker is a Restriction that selects pixels: pixel (i,j) of the result is pixel (2i,2j) of
// the operand.
type Picker interface {
	Restriction
	Picks()
}

// The restriction operators of this package.
var (
	Nearest  Restriction = nearest{}  // every second row and column, from 0, as in the paper
	Bilinear Restriction = bilinear{} // interpolation at the coarse pixel's centre; equals Average for even sides
	Average  Restriction = average{}  // means of 2x2 squares
)

// Restrictions lists the operators of this package.
func Restrictions() []Restriction { return []Restriction{Nearest, Bilinear, Average} }

type nearest struct{}

func (nearest) Name() string { return "nearest" }
func (nearest) Picks()       {}
func (nearest) Halve(y, x pixel.Images) {
	resample.NearestScaled(y.Data, x.Data, x.N*x.C, x.H, x.W, y.H, y.W, 2, 2)
}

type bilinear struct{}

func (bilinear) Name() string { return "bilinear" }
func (bilinear) Halve(y, x pixel.Images) {
	resample.Bilinear(y.Data, x.Data, x.N*x.C, x.H, x.W, y.H, y.W, 2, 2)
}

type average struct{}

func (average) Name() string { return "average" }
func (average) Halve(y, x pixel.Images) {
	resample.AveragePool(y.Data, x.Data, x.N*x.C, x.H, x.W, 2)
}

// Restrict returns x on the mesh that is coarser by the given number of levels, or x itself for
// 0. It restricts mesh by mesh, because the terms of the telescoping sum cancel only if all of
// them restrict from the finest mesh in the same way. (One bilinear interpolation by 1/4 reads
// other pixels than two by 1/2.)
func Restrict(r Restriction, x pixel.Images, levels int) pixel.Images {
	if levels == 0 {
		return x
	}
	y := pixel.NewImages(x.N, x.C, x.H>>levels, x.W>>levels)
	RestrictTo(r, y, x, levels)
	return y
}

// RestrictTo is Restrict with a given result y, which must have the right shape.
func RestrictTo(r Restriction, y, x pixel.Images, levels int) {
	if levels == 0 {
		copy(y.Data, x.Data)
		return
	}
	if _, picks := r.(Picker); picks {
		// Every second pixel of every second pixel is every fourth pixel.
		factor := float64(int(1) << levels)
		resample.NearestScaled(y.Data, x.Data, x.N*x.C, x.H, x.W, y.H, y.W, factor, factor)
		return
	}
	memory := between.Get().(*[]float32)
	*memory = slices.Grow((*memory)[:0], len(x.Data)/3) // 1/4 + 1/16 + ...
	free := *memory
	for range levels - 1 {
		half := pixel.Images{Shape: pixel.Shape{N: x.N, C: x.C, H: x.H / 2, W: x.W / 2}}
		n := half.Len()
		half.Data, free = free[:n], free[n:n]
		r.Halve(half, x)
		x = half
	}
	r.Halve(y, x)
	between.Put(memory)
}

// between keeps memory for images on the meshes between x and y.
var between = sync.Pool{New: func() any { return new([]float32) }}

// Batch holds samples on one mesh: the inputs and targets of a network.
type Batch struct {
	Input  pixel.Images
	T      []float32 // (N) or (N,K): the conditions of each sample, or nil
	Target pixel.Images
	// Samples are the numbers of the samples. Random masks depend on these numbers and not on
	// the position in a batch.
	Samples []uint64
}

// Len is the number of samples.
func (b Batch) Len() int { return b.Input.N }

// Slice returns samples lo to hi-1. They share the data of b.
func (b Batch) Slice(lo, hi int) Batch {
	part := Batch{Input: b.Input.Slice(lo, hi), Target: b.Target.Slice(lo, hi), Samples: b.Samples[lo:hi]}
	if n := b.Len(); n > 0 {
		k := len(b.T) / n
		part.T = b.T[lo*k : hi*k]
	}
	return part
}

// Append returns a copy of the samples of b followed by those of c, which must be on the same
// mesh.
func (b Batch) Append(c Batch) Batch {
	return Batch{
		Input: b.Input.Append(c.Input), T: slices.Concat(b.T, c.T),
		Target: b.Target.Append(c.Target), Samples: slices.Concat(b.Samples, c.Samples),
	}
}

// RestrictBatch restricts input and target with the same operator.
func RestrictBatch(r Restriction, b Batch, levels int) Batch {
	b.Input, b.Target = Restrict(r, b.Input, levels), Restrict(r, b.Target, levels)
	return b
}
