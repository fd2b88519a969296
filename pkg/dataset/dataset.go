package dataset

import (
	"fmt"
	"path/filepath"
	"strings"

	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// Source is a fixed collection of clean pictures, ready to be cropped to
// samples. Its methods may be called from any number of goroutines.
type Source interface {
	// Len is the number of pictures.
	Len() int
	// Name is a name for picture i, for messages.
	Name(i int) string
	// Sample writes a random crop, mirrored in half of the cases, of picture i to
	// dst: planes (3,side,side) with values in [0,1]. What is random comes from r.
	// Rows and columns that are no multiples of stride, which is at least 1, may be
	// left as they are: who asks will not look at them.
	Sample(dst []float32, i, side, stride int, r *random.Stream) error
	// Fixed writes the k-th fixed sample to dst, for any k >= 0: of picture
	// k%Len, crop number k/Len, of which number 0 is the centre.
	Fixed(dst []float32, k, side int) error
	// Whole returns picture i in full. It is shared: do not change it.
	Whole(i int) (*picture.Planar8, error)
}

// PairSource also gives the same samples at half the resolution, for
// super-resolution by a factor of 2. Every Source of this package is one. The
// low-resolution pictures are the data set's own (Urban100's LR folder) or else
// made by picture.Planar8.Half, MATLAB's antialiased bicubic reduction.
type PairSource interface {
	Source
	// SamplePair is Sample with the low-resolution counterpart: low is
	// (3,side/2,side/2), high (3,side,side). side must be even.
	SamplePair(low, high []float32, i, side int, r *random.Stream) error
	// FixedPair is Fixed in the same way.
	FixedPair(low, high []float32, k, side int) error
	// WholePair returns picture i, cut to even sides, and its counterpart.
	WholePair(i int) (low, high *picture.Planar8, err error)
}

// Set is a data set that is ready for use.
type Set struct {
	Name              string
	Train, Validation PairSource
	Mean, Std         [3]float32 // of the pixels, per channel, for normalisation
	// Digest identifies the content, wherever it is stored. It covers names,
	// sizes and, up to 256 MiB in all, every byte of every file (beyond that the
	// first 4 KiB of each); for dead leaves the generator and its parameters.
	Digest string
}

// Options say what to open. The zero value opens the built-in dead leaves.
type Options struct {
	Name       string // one of Names; "" means deadleaves
	Root       string // the folder; "" means datasets/data/NAME, where datasets/fetch puts it
	Validation string // a folder of validation pictures; with the data set "folder" only
	Side       int    // the side of the samples that will be asked for; 0 means 64
	CacheBytes int64  // budget for decoded pictures; 0 means 1 GiB, negative none
}

// DefaultCacheBytes is the budget for decoded pictures.
const DefaultCacheBytes = 1 << 30

type opener struct {
	name string
	open func(o Options, b *budget) (*Set, error)
	hint string // how to get the data
}

// openers is a function because the openers themselves name the data sets.
func openers() []opener {
	fetch := "get it with: go run ./datasets/fetch "
	return []opener{
		{"deadleaves", openLeaves, ""},
		{"cifar10", openCIFAR10, fetch + "cifar10"},
		{"stl10", openSTL10, fetch + "stl10"},
		{"celeba", openCelebA, "see: go run ./datasets/fetch celeba"},
		{"urban100", openUrban100, fetch + "urban100"},
		{"bsds500", openBSDS500, fetch + "bsds500"},
		{"folder", openFolder, "-root must name a folder of pictures"},
	}
}

// Names returns the names of the data sets that Open knows.
func Names() []string {
	var names []string
	for _, o := range openers() {
		names = append(names, o.name)
	}
	return names
}

// Open opens a data set and checks what can be checked without decoding it:
// that the files are there, that binaries have whole records, and that every
// picture has a sound header.
func Open(o Options) (*Set, error) {
	if o.Name == "" {
		o.Name = "deadleaves"
	}
	if o.Side == 0 {
		o.Side = 64
	}
	if o.Side < 1 || o.Side > picture.MaxSide {
		return nil, fmt.Errorf("samples of side %d cannot be made; use 1 to %d", o.Side, picture.MaxSide)
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	if o.Validation != "" && o.Name != "folder" {
		return nil, fmt.Errorf("-validation %s: works with -data folder only; %s has its own validation pictures", o.Validation, o.Name)
	}
	b := new(budget)
	b.left.Store(max(o.CacheBytes, 0))
	for _, opener := range openers() {
		if opener.name != o.Name {
			continue
		}
		if o.Name != "deadleaves" {
			if o.Root == "" && o.Name == "folder" {
				return nil, fmt.Errorf("-data folder: no folder given; add -root DIR")
			}
			if o.Root == "" {
				o.Root = filepath.Join("datasets", "data", o.Name)
			}
			if err := checkFolder(o.Root, opener.hint); err != nil {
				return nil, err
			}
		}
		return opener.open(o, b)
	}
	return nil, fmt.Errorf("-data %q: unknown; use one of %s", o.Name, strings.Join(Names(), ", "))
}

// half is the mean and standard deviation that bring [0,1] to [-1,1].
var half = [3]float32{0.5, 0.5, 0.5}
