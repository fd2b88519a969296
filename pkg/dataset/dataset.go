package dataset

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"multiscale/pkg/lists"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// Source is a fixed collection of clean pictures: files, records of a binary, a
// generator. Load returns the same picture every time. Any number of goroutines
// may call its methods.
type Source interface {
	// Len is the number of pictures.
	Len() int
	// Name is the name of picture i in messages.
	Name(i int) string
	// Load returns picture i, which the caller does not change.
	Load(i int) (*picture.Planar, error)
}

// Set is a data set that is ready for use.
type Set struct {
	Name              string
	Channels          int // of all pictures
	Train, Validation *Gallery
	// Scale is the data set's normalisation.
	Scale pixel.Scale
	// Digest identifies the content, independent of its path. It covers names,
	// sizes and, up to 256 MiB in all, every byte of every file (beyond that the
	// first 4 KiB of each); for dead leaves the generator and its parameters.
	Digest string
	// Whole makes tasks that enlarge pictures compare networks on whole validation
	// pictures, as the papers on this data set do.
	Whole bool
	// Report says what the data set contains. Open counts the pictures; a format's
	// Open may report what it leaves out.
	Report Report
}

// Options say which data set to open, and how. The zero value opens the built-in dead
// leaves.
type Options struct {
	Name       string   // of the format; "" means deadleaves
	Root       string   // the folder; "" means datasets/data/NAME, where datasets/fetch puts it
	Validation string   // a folder of validation pictures; for formats with HasValidation only
	Side       int      // the side of the samples that training requests; 0 means 64
	CacheBytes int64    // budget for decoded pictures; 0 means 1 GiB, negative none
	Formats    []Format // the known formats; nil means those of this package

	// Channels is the number of channels that pictures are converted to: 1 for grey (luma
	// of colours), 3 for RGB; other numbers only for .npy pictures that have that number.
	// 0 keeps the data set's number.
	Channels int
	// Decoding says whether pictures are decoded once by Open.
	Decoding Decoding
	// SkipBad leaves out pictures that cannot be read.
	SkipBad bool
	// AllowIncomplete accepts a published data set that lacks pictures.
	AllowIncomplete bool
	// HoldOut leaves the validation pictures unused. It validates on a tenth of the training
	// pictures and trains on the others; see Split. Use it to choose settings.
	HoldOut bool
	// Known is the Report of an earlier call. If the files have not changed since, Open
	// does not decode them again.
	Known *Report
	// Progress receives the numbers of decoded and of all pictures after each picture. An
	// error stops Open, which returns it. Calls do not overlap.
	Progress func(done, total int) error

	budget *budget
}

// DefaultCacheBytes is the budget for decoded pictures.
const DefaultCacheBytes = 1 << 30

// Format is a kind of data set: how to open one.
type Format struct {
	Name string // in commands, files and tables: lower-case letters and digits
	Hint string // how to get the data, for errors
	// BuiltIn formats read no folder; Root is then empty.
	BuiltIn bool
	// Anywhere formats have no default folder: Root must be given.
	Anywhere bool
	// HasValidation formats take validation pictures from a separate folder.
	HasValidation bool
	// Ratio, set for formats with degraded pictures, looks at one pair in a folder. It
	// returns the ratio of the clean picture's sides to the degraded picture's, or 0 if
	// there is no pair. It is called before the data set is opened.
	Ratio func(root string) (int, error)
	// Open opens the data set. Root is known to be a folder.
	Open func(o Options) (*Set, error)
}

// Formats returns the formats of this package.
func Formats() []Format {
	const fetch = "get it with: go run ./datasets/fetch "
	return []Format{
		{Name: "deadleaves", Open: openLeaves, BuiltIn: true},
		{Name: "cifar10", Open: openCIFAR10, Hint: fetch + "cifar10"},
		{Name: "stl10", Open: openSTL10, Hint: fetch + "stl10"},
		{Name: "celeba", Open: openCelebA, Hint: "see: go run ./datasets/fetch celeba"},
		{Name: "urban100", Open: openUrban100, Hint: fetch + "urban100"},
		{Name: "bsds500", Open: openBSDS500, Hint: fetch + "bsds500"},
		{Name: "folder", Open: openFolder, Hint: "-root must name a folder of pictures", Anywhere: true, HasValidation: true},
		{Name: "pairs", Open: openPairs, Hint: pairsHint, Anywhere: true, HasValidation: true, Ratio: ratioOfPairs},
	}
}

const pairsHint = "-root must name a folder with degraded/ and clean/"

// Names returns the names of the formats, in the same order.
func Names(formats []Format) []string { return lists.Of(formats, nameOf) }

func nameOf(f Format) string { return f.Name }

// Find returns the format with this name. The error lists all names.
func Find(formats []Format, name string) (Format, error) {
	f, ok := lists.Find(formats, nameOf, name)
	if !ok {
		return f, fmt.Errorf("-data %q: unknown; use one of %s", name, strings.Join(Names(formats), ", "))
	}
	return f, nil
}

// Open opens a data set and checks that the files exist, that binaries consist of whole
// records, and that every picture can be decoded, or only its header, as Options.Decoding
// says.
func Open(o Options) (*Set, error) {
	o.Name = cmp.Or(o.Name, "deadleaves")
	if o.Formats == nil {
		o.Formats = Formats()
	}
	o.Side = cmp.Or(o.Side, 64)
	if o.Channels < 0 || o.Channels > maxChannels {
		return nil, fmt.Errorf("-channels %d: not a number of channels; use 1 for grey, 3 for RGB, or that of .npy pictures, up to %d", o.Channels, maxChannels)
	}
	if o.Side < 1 || o.Side > picture.MaxSide {
		return nil, fmt.Errorf("samples of side %d cannot be made; use 1 to %d", o.Side, picture.MaxSide)
	}
	o.CacheBytes = cmp.Or(o.CacheBytes, DefaultCacheBytes)
	f, err := Find(o.Formats, o.Name)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Validation != "" && !f.HasValidation:
		return nil, fmt.Errorf("-validation %s: works with -data folder and pairs only; %s has its own validation pictures", o.Validation, f.Name)
	case f.BuiltIn && o.Root != "":
		return nil, fmt.Errorf("-root %s: -data %s is built in and reads no folder; leave -root out or name another -data", o.Root, f.Name)
	case f.Anywhere && o.Root == "":
		return nil, fmt.Errorf("-data %s: no folder given; add -root DIR", f.Name)
	}
	if !f.BuiltIn {
		o.Root = cmp.Or(o.Root, filepath.Join("datasets", "data", f.Name))
		if err := checkFolder(o.Root, f.Hint); err != nil {
			return nil, err
		}
	}
	o.budget = new(budget)
	o.budget.left.Store(max(o.CacheBytes, 0))
	set, err := f.Open(o)
	if err != nil {
		return nil, err
	}
	set.Name = f.Name
	if o.HoldOut {
		if set.Train, set.Validation, err = set.Train.split("-hold-out with -data " + f.Name); err != nil {
			return nil, err
		}
	}
	if n := o.Channels; n != 0 && n != set.Channels && convertible(set.Channels, n) {
		// The galleries convert the pictures.
		set.Channels, set.Scale = n, scaleOfChannels(set.Scale, n)
	}
	if err := set.check(o); err != nil {
		return nil, err
	}
	set.Report.Train, set.Report.Validation, set.Report.Channels = set.Train.Len(), set.Validation.Len(), set.Channels
	return set, nil
}

// check returns an error if a format's Open has not filled the set, or if its pictures do
// not have the requested channels.
func (s *Set) check(o Options) error {
	switch {
	case s.Train == nil || s.Validation == nil || s.Train.Len() == 0 || s.Validation.Len() == 0:
		return fmt.Errorf("-data %s: a data set needs pictures for training and for validation", s.Name)
	case s.Channels < 1:
		return fmt.Errorf("-data %s: pictures of %d channels", s.Name, s.Channels)
	case o.Channels != 0 && o.Channels != s.Channels:
		return fmt.Errorf("%d channels are asked for, while the pictures of -data %s have %d; leave -channels out", o.Channels, s.Name, s.Channels)
	case s.Digest == "":
		return fmt.Errorf("-data %s: the data set has no digest", s.Name)
	}
	return s.Scale.Check(s.Channels)
}
