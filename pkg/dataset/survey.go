package dataset

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"multiscale/pkg/kernel"
	"multiscale/pkg/lists"
	"multiscale/pkg/picture"
)

// Decoding says whether Open decodes a data set's pictures. Decoding finds damaged
// pictures before training, and pictures that are both in training and in validation.
// Headers are always read.
type Decoding int

const (
	DecodeAll   Decoding = iota // all pictures
	DecodeSmall                 // all pictures of data sets of up to 256 MiB; for estimates
	DecodeNone                  // no pictures; for evaluations
)

// list has the pictures of one folder of a data set, and what is known of each.
type list struct {
	*contents
	label  string // before names in reports
	shapes []shape
	pixels [][sha256.Size]byte // digests of decoded pixels; zero if not decoded
	notes  [][]string
}

func (l *list) name(i int) string { return l.label + l.names[i] }

// album has clean pictures and, in the same order, their degraded pictures.
type album struct {
	clean, inputs *list // inputs is nil if there are no degraded pictures
}

func (a *album) lists() []*list {
	if a.inputs == nil {
		return []*list{a.clean}
	}
	return []*list{a.clean, a.inputs}
}

// survey examines all picture files of a data set.
type survey struct {
	o      Options
	albums []*album
	report Report
	// known is the report of an earlier call on the same files, or nil.
	known *Report
}

// add reads the headers of pictures; label stands before names in reports.
func (s *survey) add(label string, clean files) (*album, error) {
	l, err := newList(label, clean)
	if err != nil {
		return nil, err
	}
	a := &album{clean: l}
	s.albums = append(s.albums, a)
	return a, nil
}

// addInputs adds the degraded pictures to the last album.
func (s *survey) addInputs(label string, inputs files) (err error) {
	s.albums[len(s.albums)-1].inputs, err = newList(label, inputs)
	return err
}

func newList(label string, f files) (*list, error) {
	if err := f.checkLinks(); err != nil {
		return nil, err
	}
	c, n := newContents(f), f.Len()
	l := &list{contents: c, label: label, shapes: make([]shape, n), pixels: make([][sha256.Size]byte, n), notes: make([][]string, n)}
	c.check = func(i int) (err error) {
		l.shapes[i], err = shapeOf(l.path(i))
		return err
	}
	c.read()
	return l, nil
}

// settle decodes the pictures as Options.Decoding says, refuses or leaves out bad ones, and
// fills the report.
func (s *survey) settle() error {
	var all []*list
	digests := []string{"decoding 1", fmt.Sprint(s.o.Channels)} // 1 is the version of the checks
	total := int64(0)
	for _, a := range s.albums {
		for _, l := range a.lists() {
			all, digests = append(all, l), append(digests, l.digest(nil))
			total += l.total
		}
	}
	key := combine(digests...)
	switch {
	case s.o.Known != nil && s.o.Known.Decoded == key:
		s.recall(all)
	case s.o.Decoding == DecodeAll, s.o.Decoding == DecodeSmall && total <= digestInFull:
		if err := newDecoding(s.o, all).run(); err != nil {
			return err
		}
	case s.o.Decoding == DecodeSmall:
		s.report.Remarks = append(s.report.Remarks, Count{Kind: "the pictures were not decoded for this estimate: damaged ones, and ones that are in both parts, are not known"})
		key = ""
	default:
		key = ""
	}
	s.report.Decoded = key
	s.countNotes(all)
	if err := s.refuse(all); err != nil {
		return err
	}
	for _, a := range s.albums {
		if err := s.drop(a); err != nil {
			return err
		}
	}
	return nil
}

// recall takes over the bad pictures that an earlier call has found.
func (s *survey) recall(all []*list) {
	s.known = s.o.Known
	reasons := lists.By(s.known.Bad, func(b Bad) string { return b.Name })
	for _, l := range all {
		for i := range l.names {
			if b, bad := reasons[l.name(i)]; bad && l.errs[i] == nil {
				l.errs[i] = errors.New(l.path(i) + ": " + b.Reason)
			}
		}
	}
}

// greyAsRGB is the note on pictures whose three channels are equal.
const greyAsRGB = "grey pictures, taken as RGB of three equal channels"

// withoutColour reports whether a picture is RGB with three equal channels.
func withoutColour(p *picture.Planar) bool {
	n := p.W * p.H
	switch {
	case p.C != rgb:
		return false
	case p.Pix != nil:
		return bytes.Equal(p.Pix[:n], p.Pix[n:2*n]) && bytes.Equal(p.Pix[:n], p.Pix[2*n:])
	}
	return slices.Equal(p.Values[:n], p.Values[n:2*n]) && slices.Equal(p.Values[:n], p.Values[2*n:])
}

// maxNotes is the largest number of kinds of notes in a report.
const maxNotes = 20

// countNotes reports the notes of decoding, counted by kind.
func (s *survey) countNotes(all []*list) {
	if s.known != nil {
		for _, c := range s.known.Remarks {
			if c.N > 0 {
				s.report.Remarks = append(s.report.Remarks, c)
			}
		}
		return
	}
	notes, of := counts{}, 0
	for _, l := range all {
		for i, n := range l.notes {
			for _, note := range n {
				notes[note]++
			}
			if l.errs[i] == nil {
				of++
			}
		}
	}
	if n := notes[greyAsRGB]; n > 0 && n == of {
		delete(notes, greyAsRGB)
		notes[greyAsRGB+" (all; -channels 1 trains on grey)"] = n
	}
	sorted := notes.sorted("")
	s.report.Remarks = append(s.report.Remarks, sorted[:min(maxNotes, len(sorted))]...)
}

// refuse reports all pictures that cannot be read. They are an error unless SkipBad leaves
// them out and other pictures remain.
func (s *survey) refuse(all []*list) error {
	of := 0
	var only error
	for _, l := range all {
		of += l.Len()
		for i, err := range l.errs {
			if err != nil {
				only = err
				s.report.Bad = append(s.report.Bad, Bad{l.name(i), strings.TrimPrefix(err.Error(), l.path(i)+": ")})
			}
		}
	}
	n, left := len(s.report.Bad), ""
	if len(s.report.LeftOut) > 0 {
		left = fmt.Sprintf(" (besides, left out: %s)", listCounts(s.report.LeftOut))
	}
	switch {
	case n == 0 || s.o.SkipBad && n < of:
		return nil
	case n == of && of > 1:
		return fmt.Errorf("%s: none of the %d pictures can be read%s:%s", s.o.Root, n, left, listBad(s.report.Bad))
	case n == 1:
		return fmt.Errorf("%w; or use -skip-bad, which leaves it out%s", only, left)
	}
	return fmt.Errorf("%s: %d of %d pictures cannot be read; mend or remove them, or use -skip-bad, which leaves them out%s:%s",
		s.o.Root, n, of, left, listBad(s.report.Bad))
}

// drop removes bad pictures, and the counterparts of bad pictures, from an album.
func (s *survey) drop(a *album) error {
	n := a.clean.Len()
	var good []int
	for i := range n {
		if a.clean.errs[i] == nil && (a.inputs == nil || a.inputs.errs[i] == nil) {
			good = append(good, i)
		}
	}
	if len(good) == n {
		return nil
	}
	if len(good) == 0 {
		first := a.clean.errs[0]
		if first == nil {
			first = a.inputs.errs[0]
		}
		return fmt.Errorf("%s: none of its %d pictures can be read, the first: %w", a.clean.root, n, first)
	}
	for _, l := range a.lists() {
		l.names, l.sizes, l.sums, l.errs = pick(l.names, good), pick(l.sizes, good), pick(l.sums, good), make([]error, len(good))
		l.shapes, l.pixels, l.notes = pick(l.shapes, good), pick(l.pixels, good), pick(l.notes, good)
	}
	return nil
}

func pick[T any](from []T, index []int) []T {
	return lists.Of(index, func(i int) T { return from[i] })
}

// decoding decodes all pictures of lists once, on all cores.
type decoding struct {
	progress
	channels int
	lists    []*list
}

// progress counts finished pictures for Options.Progress.
type progress struct {
	tell  func(done, total int) error // may be nil
	total int

	mu   sync.Mutex
	done int
	err  error // first error of tell
}

func newDecoding(o Options, lists []*list) *decoding {
	d := &decoding{progress: progress{tell: o.Progress}, channels: o.Channels, lists: lists}
	for _, l := range lists {
		d.total += l.Len()
	}
	return d
}

func (d *decoding) run() error {
	kernel.Run(d.total, d)
	return d.err
}

// Do implements kernel.Job for picture i of the concatenated lists.
func (d *decoding) Do(i int) {
	for _, l := range d.lists {
		if i >= l.Len() {
			i -= l.Len()
			continue
		}
		if l.errs[i] == nil && d.proceed(0) {
			var p *picture.Planar
			if p, l.notes[i], l.errs[i] = load(l.path(i)); p != nil {
				l.pixels[i] = pixelDigest(p, d.channels)
				l.shapes[i].w, l.shapes[i].h = p.W, p.H // after turning upright
				if d.channels == 0 && withoutColour(p) {
					l.notes[i] = append(l.notes[i], greyAsRGB)
				}
			}
		}
		break
	}
	d.proceed(1)
}

// proceed counts finished pictures, and reports whether to continue.
func (p *progress) proceed(done int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += done
	if done > 0 && p.err == nil && p.tell != nil {
		p.err = p.tell(p.done, p.total)
	}
	return p.err == nil
}
