package dataset

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/kernel"
	"multiscale/pkg/lists"
	"multiscale/pkg/pixel"
)

// binaries describes a published data set that consists of binary files.
type binaries struct {
	name, fetch string // in messages, and for datasets/fetch
	layout      layout
	scale       pixel.Scale
	folders     []string // below the root, where the files may be
	// train and validation are the published files and their numbers of pictures.
	train, validation []binaryFile
	// partial is a pattern of the names of excerpts of training files.
	partial string
}

type binaryFile struct {
	name     string
	pictures int
}

var (
	cifar10 = binaries{
		name: "CIFAR-10", fetch: "cifar10", layout: cifar10Layout, scale: half,
		folders: []string{"", "cifar-10-batches-bin", "cifar-10-binary/cifar-10-batches-bin", "cifar-10-batches-bin/cifar-10-batches-bin"},
		train: []binaryFile{
			{"data_batch_1.bin", 10_000}, {"data_batch_2.bin", 10_000}, {"data_batch_3.bin", 10_000}, {"data_batch_4.bin", 10_000}, {"data_batch_5.bin", 10_000},
		},
		validation: []binaryFile{{"test_batch.bin", 10_000}},
		partial:    "data_batch_*.bin",
	}
	stl10 = binaries{
		name: "STL-10", fetch: "stl10", layout: stl10Layout, scale: stl10Scale,
		folders:    []string{"", "stl10_binary", "stl10_binary/stl10_binary"},
		train:      []binaryFile{{"unlabeled_X.bin", 100_000}, {"train_X.bin", 5_000}},
		validation: []binaryFile{{"test_X.bin", 8_000}},
	}
)

// stl10Scale is made of the means and standard deviations of STL-10.
var stl10Scale = scaleOf([rgb]float32{0.4467, 0.4398, 0.4066}, [rgb]float32{0.2240, 0.2215, 0.2239})

// half takes pixels to [-1,1].
var half = scaleOf([rgb]float32{0.5, 0.5, 0.5}, [rgb]float32{0.5, 0.5, 0.5})

// scaleOf returns the normalisation with these numbers in single precision, as PyTorch has
// them.
func scaleOf(mean, std [rgb]float32) (s pixel.Scale) {
	for c := range rgb {
		s.Mean, s.Std = append(s.Mean, float64(mean[c])), append(s.Std, float64(std[c]))
	}
	return s
}

// openCIFAR10 reads the binary version of CIFAR-10 (Krizhevsky 2009):
// data_batch_1.bin to data_batch_5.bin for training, test_batch.bin for validation.
func openCIFAR10(o Options) (*Set, error) {
	set, err := cifar10.open(o)
	if err == nil && set == nil {
		err = fmt.Errorf("%s: no data_batch_*.bin here or in cifar-10-batches-bin; get them with: go run ./datasets/fetch cifar10", o.Root)
	}
	return set, err
}

// openSTL10 reads STL-10 (Coates, Ng and Lee 2011): unlabeled_X.bin and train_X.bin for
// training, test_X.bin for validation. A tree of pictures taken from it also opens, as an
// incomplete set.
func openSTL10(o Options) (*Set, error) {
	set, err := stl10.open(o)
	if set != nil || err != nil {
		return set, err
	}
	var report Report
	missing := []string{"pictures instead of unlabeled_X.bin, train_X.bin and test_X.bin"}
	if _, _, err := findPictures(o.Root, false); errors.Is(err, errNoPictures) {
		return nil, fmt.Errorf("%s: neither unlabeled_X.bin, train_X.bin nor pictures in this folder; get them with: go run ./datasets/fetch stl10", o.Root)
	}
	if err := o.incomplete(stl10.name, o.Root, missing, &report); err != nil {
		return nil, err
	}
	if set, err = openTrees(o, findTree, Resize, stl10Scale); err == nil {
		set.Report.Missing = report.Missing
	}
	return set, err
}

// open opens the data set in the first folder that has training files, or excerpts of
// them. It returns nil if no folder has any.
func (b binaries) open(o Options) (*Set, error) {
	for _, folder := range b.folders {
		dir := filepath.Join(o.Root, filepath.FromSlash(folder))
		train := b.present(dir, b.train)
		stray := others(dir, b.partial, train)
		validation := b.present(dir, b.validation)
		switch {
		case len(train) > 0 || len(stray) > 0:
			return b.openIn(o, dir, train, stray, validation)
		case len(validation) > 0:
			return nil, fmt.Errorf("%s: %s without %s; get them with: go run ./datasets/fetch %s", dir, validation[0], nameAll(b.train), b.fetch)
		}
	}
	return nil, nil
}

func nameAll(list []binaryFile) string {
	return strings.Join(lists.Of(list, func(b binaryFile) string { return b.name }), " or ")
}

// present returns the names of the listed files that are in dir.
func (b binaries) present(dir string, list []binaryFile) (names []string) {
	for _, f := range list {
		names = append(names, matching(dir, f.name)...)
	}
	return names
}

// others returns the files in dir that match the pattern, except the known ones.
func others(dir, pattern string, known []string) []string {
	return slices.DeleteFunc(matching(dir, pattern), func(name string) bool { return slices.Contains(known, name) })
}

// openIn opens the files in dir. If none of the published training files is there, the
// stray ones (excerpts) serve as an incomplete set; otherwise they are left out.
func (b binaries) openIn(o Options, dir string, train, stray, validation []string) (*Set, error) {
	var report Report
	excerpts := len(train) == 0
	if excerpts {
		train, stray = stray, nil
	}
	for _, f := range b.validation {
		ending := filepath.Ext(f.name)
		stray = append(stray, others(dir, strings.TrimSuffix(f.name, ending)+"*"+ending, validation)...)
	}
	c, err := readContents(files{dir, append(slices.Clone(train), validation...)})
	if err != nil {
		return nil, err
	}
	all, err := openRecords(dir, train, b.layout)
	if err != nil {
		return nil, err
	}
	t, v := Source(all), Source(nil)
	var held *records
	if len(validation) > 0 {
		if held, err = openRecords(dir, validation, b.layout); err == nil {
			v = held
		}
	} else {
		t, v, err = Split(all, dir)
	}
	if err == nil {
		err = o.incomplete(b.name, dir, b.missing(c, all, held, stray), &report)
	}
	if err == nil && (o.Decoding == DecodeAll || o.Decoding == DecodeSmall && c.total <= digestInFull) {
		t, err = o.apart(t, v, c.digest(nil), dir, &report)
	}
	if err != nil {
		all.close()
		if held != nil {
			held.close()
		}
		return nil, err
	}
	if len(stray) > 0 {
		report.LeftOut = []Count{{"that are no files of " + b.name + ": " + listNames(stray), len(stray)}}
	}
	// No picture is cached: reading a record is fast, and the system caches the file.
	o.budget = new(budget)
	return &Set{
		Channels: rgb, Scale: b.scale, Digest: c.digest(nil), Report: report,
		Train:      NewGallery(t, Resize, o),
		Validation: NewGallery(v, Resize, o),
	}, nil
}

// apart leaves out of training the pictures whose pixels are those of a validation picture,
// and reports how many pictures repeat. digest identifies the files.
func (o Options) apart(train, validation Source, digest, dir string, report *Report) (Source, error) {
	report.Decoded = combine("records 1", digest)
	if o.Known != nil && o.Known.Decoded == report.Decoded {
		report.Shared, report.Repeated = o.Known.Shared, o.Known.Repeated
	} else if err := o.compare(train, validation, report); err != nil {
		return nil, err
	}
	if len(report.Shared) == 0 {
		return train, nil
	}
	shared := lists.Set(report.Shared)
	own := slices.DeleteFunc(lists.Indices(train.Len()), func(i int) bool { return shared[train.Name(i)] })
	if len(own) == 0 {
		return nil, fmt.Errorf("%s: no picture is left for training: all %d have the pixels of validation pictures", dir, train.Len())
	}
	return subset{train, own}, nil
}

// compare decodes all pictures. It reports the training pictures whose pixels are those of a
// validation picture, and how many pictures repeat.
func (o Options) compare(train, validation Source, report *Report) error {
	d := &digesting{progress: progress{tell: o.Progress, total: train.Len() + validation.Len()}}
	t, err := d.of(train)
	if err != nil {
		return err
	}
	v, err := d.of(validation)
	if err != nil {
		return err
	}
	held := lists.Set(v)
	var used [][sha256.Size]byte
	for i, sum := range t {
		if held[sum] {
			report.Shared = append(report.Shared, train.Name(i))
		} else {
			used = append(used, sum)
		}
	}
	report.Repeated = repeated(used) + repeated(v)
	return nil
}

// digesting computes the digests of the pixels of pictures.
type digesting struct {
	progress
	Source
	sums [][sha256.Size]byte
	errs []error
}

// of returns the digests of the pixels of all pictures of a source.
func (d *digesting) of(s Source) ([][sha256.Size]byte, error) {
	d.Source, d.sums, d.errs = s, make([][sha256.Size]byte, s.Len()), make([]error, s.Len())
	kernel.Run(s.Len(), d)
	if d.err != nil {
		return nil, d.err
	}
	return d.sums, cmp.Or(d.errs...)
}

// Do implements kernel.Job for picture i.
func (d *digesting) Do(i int) {
	if !d.proceed(0) {
		return
	}
	p, err := d.Load(i)
	if d.errs[i] = err; err == nil {
		d.sums[i] = pixelDigest(p, 0)
	}
	d.proceed(1)
}

// missing names the differences between the files and the published data set.
func (b binaries) missing(c *contents, train, validation *records, stray []string) (list []string) {
	have := train.sizes()
	if validation != nil {
		maps.Copy(have, validation.sizes())
	}
	var absent []string
	for _, f := range append(slices.Clone(b.train), b.validation...) {
		if n, ok := have[f.name]; ok {
			list = append(list, fewer(f.name, n, f.pictures)...)
		} else {
			absent = append(absent, f.name)
		}
	}
	if len(absent) > 0 {
		list = append([]string{"missing " + strings.Join(absent, ", ")}, list...)
	}
	if len(list) > 0 && len(stray) > 0 {
		list = append(list, "not its own: "+listNames(stray))
	}
	first := make(map[[sha256.Size]byte]string)
	for i, name := range c.names {
		if other, twice := first[c.sums[i]]; twice && c.limit == digestInFull {
			list = append(list, fmt.Sprintf("%s is a copy of %s", name, other))
		} else {
			first[c.sums[i]] = name
		}
	}
	return list
}
