package tiff

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
)

// About has the tags of a directory that describe a picture (camera, time, place, texts), not
// its pixels and colours. EXIF data have them, and so does the first directory of TIFF files.
type About struct {
	order binary.ByteOrder
	tags  []field
}

// field is an entry of a directory with its value.
type field struct {
	id, kind uint16
	count    uint32
	data     []byte  // in the byte order of its About
	sub      []field // the directory that it points to, instead of data
}

// Tags of EXIF 2.32 and TIFF 6.0.
const (
	xResolution    = 282
	yResolution    = 283
	resolutionUnit = 296
	exifPointer    = 34665
	gpsPointer     = 34853
	interopPointer = 40965
	makerNote      = 37500
	colourSpace    = 40961
	pixelWidth     = 40962
	pixelHeight    = 40963
)

// Kinds of values.
const (
	kindShort     = 3
	kindLong      = 4
	kindRational  = 5
	kindUndefined = 7
)

// described are the tags of a first directory that describe the picture, not its storage:
// description, maker, model, software, time, artist, host, rating, copyright, EXIF, GPS, and
// Windows' texts.
var described = []uint16{270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, exifPointer, gpsPointer, 40091, 40092, 40093, 40094, 40095}

// maxValue and maxAbout bound the bytes of one value and of all values.
const maxValue, maxAbout = 1 << 20, 4 << 20

// About reads the tags that describe the picture. It ignores tags that cannot be read, and
// returns nil if there are none.
func (d *Directory) About() *About {
	room := maxAbout
	tags := d.tags(func(id uint16) bool { return slices.Contains(described, id) }, 2, &room)
	if len(tags) == 0 {
		return nil
	}
	return &About{d.order, tags}
}

// tags reads the entries for which keep returns true, in the order of their numbers. below is the
// number of levels of nested directories to read, room the bytes of values that may still be read.
func (d *Directory) tags(keep func(uint16) bool, below int, room *int) (tags []field) {
	for _, id := range slices.Sorted(maps.Keys(d.entries)) {
		e := d.entries[id]
		size := int64(e.count) * e.width()
		switch pointer := id == exifPointer || id == gpsPointer || id == interopPointer; {
		case !keep(id), size == 0, size > maxValue, size > int64(*room):
		case pointer:
			if sub := d.Sub(id); sub != nil && below > 0 {
				all := sub.tags(func(uint16) bool { return true }, below-1, room)
				if len(all) > 0 {
					tags = append(tags, field{id: id, kind: kindLong, count: 1, sub: all})
				}
			}
		default:
			if data, err := d.value(e, size); err == nil {
				*room -= len(data)
				tags = append(tags, field{id: id, kind: e.kind, count: e.count, data: data})
			}
		}
	}
	return tags
}

func byNumber(a, b field) int { return cmp.Compare(a.id, b.id) }

// Resolution returns the pixels per inch across and down, 0 if they are unknown.
func (d *Directory) Resolution() (x, y float64) {
	scale := map[int]float64{2: 1, 3: 2.54}[d.Number(resolutionUnit, 2)]
	rational := func(id uint16) float64 {
		data, err := d.Bytes(id, 8)
		if e := d.entries[id]; err != nil || len(data) != 8 || e.kind != kindRational {
			return 0
		}
		above, below := d.order.Uint32(data), d.order.Uint32(data[4:])
		if below == 0 {
			return 0
		}
		return scale * float64(above) / float64(below)
	}
	return rational(xResolution), rational(yResolution)
}

// Upright sets the orientation to upright and the size to w by h pixels. If sRGB is set, it also
// declares the colours to be sRGB.
func (a *About) Upright(w, h int, sRGB bool) {
	for i := range a.tags {
		if t := &a.tags[i]; t.id == exifPointer {
			t.sub = slices.DeleteFunc(t.sub, func(t field) bool {
				return slices.Contains([]uint16{pixelWidth, pixelHeight}, t.id) || sRGB && (t.id == colourSpace || t.id == interopPointer)
			})
			t.sub = append(t.sub, a.number(pixelWidth, kindLong, w), a.number(pixelHeight, kindLong, h))
			if sRGB {
				t.sub = append(t.sub, a.number(colourSpace, kindShort, 1))
			}
			slices.SortFunc(t.sub, byNumber)
		}
	}
	a.tags = slices.DeleteFunc(a.tags, func(t field) bool { return t.id == Orientation })
	a.tags = append(a.tags, a.number(Orientation, kindShort, 1))
	slices.SortFunc(a.tags, byNumber)
}

func (a *About) number(id, kind uint16, v int) field {
	t := field{id: id, kind: kind, count: 1, data: make([]byte, 4)}
	if kind == kindShort {
		t.data = t.data[:2]
		a.order.PutUint16(t.data, uint16(v))
	} else {
		a.order.PutUint32(t.data, uint32(v))
	}
	return t
}

// EXIF returns EXIF data of at most limit bytes. If they would be longer, it omits the maker note of
// the camera; if that is not enough, it returns nil.
func (a *About) EXIF(limit int) []byte {
	for _, notes := range []bool{true, false} {
		tags := slices.Clone(a.tags)
		for i, t := range tags {
			if !notes {
				tags[i].sub = slices.DeleteFunc(slices.Clone(t.sub), func(t field) bool { return t.id == makerNote })
			}
		}
		data := []byte("II\x2a\x00\x00\x00\x00\x00")
		if a.order == binary.BigEndian {
			data = []byte("MM\x00\x2a\x00\x00\x00\x00")
		}
		data, at := appendDirectory(data, a.order, tags)
		if a.order.PutUint32(data[4:], at); len(data) <= limit {
			return data
		}
	}
	return nil
}

// Describe returns a TIFF file of one picture with added metadata: the tags of a unless it is nil,
// the colour profile unless it is empty, and the resolution, in pixels per inch, unless it is 0.
func Describe(file []byte, a *About, profile []byte, x, y float64) ([]byte, error) {
	all, err := Directories(bytes.NewReader(file), 1)
	if err != nil {
		return nil, err
	}
	d, room := all[0], len(file)
	tags := d.tags(func(id uint16) bool { return true }, 0, &room)
	if len(tags) != len(d.entries) {
		return nil, errors.New("a TIFF file with tags that cannot be read")
	}
	as := &About{order: d.order}
	put := func(t field) {
		tags = slices.DeleteFunc(tags, func(o field) bool { return o.id == t.id })
		tags = append(tags, t)
	}
	if a != nil {
		for _, t := range a.tags {
			put(t.in(a.order, d.order))
		}
	}
	if len(profile) > 0 {
		put(field{id: ICC, kind: kindUndefined, count: uint32(len(profile)), data: profile})
	}
	if x > 0 && y > 0 {
		put(as.number(resolutionUnit, kindShort, 2))
		for id, v := range map[uint16]float64{xResolution: x, yResolution: y} {
			put(field{id: id, kind: kindRational, count: 1, data: as.rational(v)})
		}
	}
	slices.SortFunc(tags, byNumber)
	file, at := appendDirectory(file, d.order, tags)
	if int64(len(file)) > math.MaxUint32 {
		return nil, errors.New("a TIFF file holds 4 GiB at most")
	}
	d.order.PutUint32(file[4:], at)
	return file, nil
}

// rational encodes v as a fraction with three decimals.
func (a *About) rational(v float64) []byte {
	below := 1.0
	if v != math.Round(v) {
		below = 1000
	}
	data := make([]byte, 8)
	a.order.PutUint32(data, uint32(min(math.Round(v*below), math.MaxUint32)))
	a.order.PutUint32(data[4:], uint32(below))
	return data
}

// in converts the tag from one byte order to another.
func (t field) in(from, to binary.ByteOrder) field {
	wide := map[uint16]int{3: 2, 8: 2, 4: 4, 5: 4, 9: 4, 10: 4, 11: 4, 13: 4, 12: 8}[t.kind]
	if from != to && wide > 0 {
		t.data = slices.Clone(t.data)
		for i := 0; i+wide <= len(t.data); i += wide {
			slices.Reverse(t.data[i : i+wide])
		}
	}
	sub := make([]field, len(t.sub))
	for i, s := range t.sub {
		sub[i] = s.in(from, to)
	}
	t.sub = sub
	return t
}

// appendDirectory appends a directory of tags, which must be sorted, and the values that they point
// to. It returns the file and the offset of the directory.
func appendDirectory(file []byte, order binary.ByteOrder, tags []field) ([]byte, uint32) {
	values := make([][]byte, len(tags))
	for i, t := range tags {
		if values[i] = t.data; len(t.sub) > 0 {
			var at uint32
			file, at = appendDirectory(file, order, t.sub)
			values[i] = make([]byte, 4)
			order.PutUint32(values[i], at)
		}
	}
	even := func() {
		if len(file)%2 == 1 {
			file = append(file, 0)
		}
	}
	even()
	at := len(file)
	file = append(file, make([]byte, 2+12*len(tags)+4)...)
	order.PutUint16(file[at:], uint16(len(tags)))
	for i, t := range tags {
		place := at + 2 + 12*i
		order.PutUint16(file[place:], t.id)
		order.PutUint16(file[place+2:], t.kind)
		order.PutUint32(file[place+4:], t.count)
		if len(values[i]) <= 4 {
			copy(file[place+8:], values[i])
			continue
		}
		even()
		order.PutUint32(file[place+8:], uint32(len(file)))
		file = append(file, values[i]...)
	}
	return file, uint32(at)
}
