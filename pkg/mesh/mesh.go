// Package mesh is the hierarchy of resolutions: images on the mesh of width h (the
// finest, level 0), 2h, 4h, ..., the operators that restrict images to the next
// coarser mesh, and the cost of work on each mesh.
package mesh

import (
	"slices"
	"sync"

	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/pixel"
)

// Cost is the work of applying a network to one image on the mesh of a level,
// in work units: 4^-level. One work unit is one image on the finest mesh
// (paper, section on computational cost).
func Cost(level int) float64 {
	cost := 1.0
	for range level {
		cost /= 4
	}
	return cost
}

// Side is the number of pixels along a side on the mesh of a level.
func Side(finest, level int) int { return finest >> level }

// Restriction restricts images to the next coarser mesh. Any number of goroutines
// may call its methods.
type Restriction interface {
	// Name is the operator's name in commands and files.
	Name() string
	// Halve writes x (N,C,H,W) on the next coarser mesh to y (N,C,H/2,W/2), sides
	// rounded down.
	Halve(y, x pixel.Images)
}

// Picker is a Restriction that keeps pixels as they are: pixel (i,j) of the
// result is pixel (2i,2j).
type Picker interface {
	Restriction
	Picks()
}

// The restriction operators of this package.
var (
	Nearest  Restriction = nearest{}  // every second row and column, from 0: the paper's
	Bilinear Restriction = bilinear{} // half-pixel centres, which for even sides is Average
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

// Restrict returns x on the mesh that is coarser by the given number of levels; x
// itself for 0. It goes mesh by mesh: the terms of the telescoping sum cancel only
// if all restrict from the finest mesh in the same way. (Bilinear at once by 1/4
// reads other pixels than twice by 1/2.)
func Restrict(r Restriction, x pixel.Images, levels int) pixel.Images {
	if levels == 0 {
		return x
	}
	y := pixel.NewImages(x.N, x.C, x.H>>levels, x.W>>levels)
	RestrictTo(r, y, x, levels)
	return y
}

// RestrictTo writes what Restrict returns to y, which has its shape.
func RestrictTo(r Restriction, y, x pixel.Images, levels int) {
	if levels == 0 {
		copy(y.Data, x.Data)
		return
	}
	if _, picks := r.(Picker); picks {
		// Every second pixel of every second pixel is every fourth, at once.
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

// between keeps memory for the meshes between two.
var between = sync.Pool{New: func() any { return new([]float32) }}

// Batch is samples on one mesh: the inputs of a network, and its targets.
type Batch struct {
	Input  pixel.Images
	T      []float32 // (N) or (N,K): the conditions of each sample; or nil
	Target pixel.Images
	// Samples are the numbers of the samples: random masks depend on them, not on
	// positions in a batch.
	Samples []uint64
}

// Len is the number of samples.
func (b Batch) Len() int { return b.Input.N }

// Slice returns samples lo to hi-1, sharing their data.
func (b Batch) Slice(lo, hi int) Batch {
	part := Batch{Input: b.Input.Slice(lo, hi), Target: b.Target.Slice(lo, hi), Samples: b.Samples[lo:hi]}
	if n := b.Len(); n > 0 {
		k := len(b.T) / n
		part.T = b.T[lo*k : hi*k]
	}
	return part
}

// Append returns the samples of b and then those of c, on the same mesh, in new
// memory.
func (b Batch) Append(c Batch) Batch {
	return Batch{
		Input: b.Input.Append(c.Input), T: slices.Concat(b.T, c.T),
		Target: b.Target.Append(c.Target), Samples: slices.Concat(b.Samples, c.Samples),
	}
}

// RestrictBatch restricts input and target in the same way.
func RestrictBatch(r Restriction, b Batch, levels int) Batch {
	b.Input, b.Target = Restrict(r, b.Input, levels), Restrict(r, b.Target, levels)
	return b
}
