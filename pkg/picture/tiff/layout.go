package tiff

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"multiscale/pkg/picture/unsupported"
)

// File is an opened TIFF file. Its directory is that of the first picture that is neither a
// preview nor a mask.
type File struct {
	*Directory
	W, H  int
	Pages int // pictures in the file, without previews and masks
	layout
}

// layout says how the pixels are stored.
type layout struct {
	bits        int // per sample
	samples     int // per pixel
	colours     int // samples per pixel that are colours
	extra       int // meaning of the sample after the colours: 1 and 2 are alpha
	photometric int
	compression int
	predictor   bool
	planes      bool // planes follow each other; samples are not interleaved
	reversed    bool // the lowest bit of a byte comes first
	blockW      int  // size of strips and tiles
	blockH      int
	offsets     []int
	counts      []int
}

// values of photometric
const (
	whiteIsZero = 0
	blackIsZero = 1
	rgb         = 2
	paletted    = 3
	inks        = 5
	yCbCr       = 6
)

// values of compression
const (
	none     = 1
	fax3     = 3
	fax4     = 4
	lzwCode  = 5
	jpegCode = 7
	deflate  = 8
	oldFlate = 32946
	packBits = 32773
)

// colourModels and compressions are names of unsupported values.
var (
	colourModels = map[int]string{4: "transparency masks", yCbCr: "YCbCr without JPEG", 8: "CIELab", 9: "ICCLab", 10: "ITULab", 32803: "camera raw pixels", 32844: "LogL", 32845: "LogLuv", 34892: "camera raw pixels"}
	compressions = map[int]string{2: "fax compression of group 2", 6: "JPEG compression of the old kind", 9: "JBIG compression", 10: "JBIG compression", 32809: "ThunderScan compression",
		34661: "JBIG compression", 34676: "SGI Log compression", 34677: "SGI Log compression", 34712: "JPEG 2000 compression", 34887: "LERC compression", 34892: "lossy JPEG of DNG", 34925: "LZMA compression",
		50000: "Zstandard compression", 50001: "WebP compression", 50002: "JPEG XL compression", 52546: "JPEG XL compression"}
)

// Open reads the tags of a file and checks that the format of its pixels is supported.
func Open(r io.ReaderAt) (*File, error) {
	var raw [10]byte
	if _, err := r.ReadAt(raw[:], 0); err == nil && string(raw[8:]) == "CR" {
		return nil, unsupported.Kind("a camera's raw file (CR2)")
	}
	all, err := Directories(r, 0)
	if err != nil {
		return nil, err
	}
	f := &File{}
	for _, d := range all {
		if d.Number(subfileType, 0)&(1|4) != 0 { // a preview, a mask
			continue
		}
		if f.Pages++; f.Directory == nil {
			f.Directory = d
		}
	}
	switch {
	case all[0].entries[dngVersion] != entry{}:
		return nil, unsupported.Kind("a camera's raw file (DNG)")
	case f.Directory == nil:
		return nil, unsupported.Kind("a camera's raw file, of which only a preview could be read")
	}
	if f.W, f.H = f.Number(imageWidth, 0), f.Number(imageLength, 0); f.W == 0 || f.H == 0 {
		return nil, errors.New("no width or height")
	}
	return f, f.readLayout()
}

// readLayout reads and checks the format of the pixels.
func (f *File) readLayout() error {
	bits, err := f.Numbers(bitsPerSample, 64)
	if err != nil {
		return err
	}
	if len(bits) == 0 {
		bits = []int{1}
	}
	f.bits = bits[0]
	f.samples = f.Number(samplesPerPixel, len(bits))
	if slices.ContainsFunc(bits, func(b int) bool { return b != f.bits }) {
		return unsupported.Kind("TIFF whose samples differ in their bits")
	}
	f.compression = f.Number(compression, none)
	f.photometric = f.Number(photometric, -1)
	f.predictor = f.Number(predictor, 1) == 2
	f.planes = f.Number(planar, 1) == 2 && f.samples > 1
	f.reversed = f.Number(fillOrder, 1) == 2
	f.extra = f.Number(extraSamples, 0)
	if err := f.checkKind(); err != nil {
		return err
	}
	switch {
	case f.bits < 1 || f.samples < 1:
		return errors.New("no bits or samples")
	case f.bits > 16:
		return unsupported.Kind(fmt.Sprintf("TIFF with %d bits a sample", f.bits))
	case f.samples < f.colours || f.samples > 64:
		return fmt.Errorf("%d samples a pixel", f.samples)
	case f.predictor && f.bits != 8 && f.bits != 16:
		return unsupported.Kind(fmt.Sprintf("TIFF with differences of samples of %d bits", f.bits))
	}
	return nil
}

// checkKind refuses unsupported formats, and finds the number of colours.
func (f *File) checkKind() error {
	if format := f.Number(sampleFormat, 1); format != 1 && format != 4 {
		kind := cmp.Or(map[int]string{2: "signed", 3: "floating-point"}[format], "complex")
		return unsupported.Kind("TIFF with " + kind + " samples")
	}
	switch f.compression {
	case 0:
		f.compression = none
	case none, lzwCode, deflate, oldFlate, packBits:
		if f.Number(predictor, 1) > 2 {
			return unsupported.Kind("TIFF with differences of floating-point samples")
		}
	case fax3, fax4:
		if f.bits != 1 || f.samples != 1 {
			return errors.New("a fax code of other than one bit")
		}
		if f.compression == fax3 && f.Number(faxOptions, 0)&3 != 0 {
			return unsupported.Kind("TIFF with two-dimensional fax compression of group 3")
		}
		if f.compression == fax3 && f.Number(faxOptions, 0)&4 != 0 {
			return unsupported.Kind("TIFF with fill bits in fax compression of group 3")
		}
	case jpegCode:
		if f.bits != 8 || f.photometric != blackIsZero && f.photometric != rgb && f.photometric != yCbCr {
			return unsupported.Kind("TIFF with JPEG compression and other than 8-bit grey or colour")
		}
	default:
		name := cmp.Or(compressions[f.compression], fmt.Sprintf("compression %d", f.compression))
		return unsupported.Kind("TIFF with " + name)
	}
	switch {
	case f.photometric == whiteIsZero || f.photometric == blackIsZero || f.photometric == paletted && f.bits <= 8:
		f.colours = 1
	case f.photometric == rgb || f.photometric == yCbCr && f.compression == jpegCode:
		f.colours = 3
	case f.photometric == inks:
		f.colours = 4
		if f.Number(332, 1) != 1 { // InkSet
			return unsupported.Kind("TIFF with inks other than cyan, magenta, yellow and black")
		}
	case colourModels[f.photometric] != "":
		return unsupported.Kind("TIFF with " + colourModels[f.photometric])
	default:
		return unsupported.Kind(fmt.Sprintf("TIFF of colour model %d", f.photometric))
	}
	return nil
}

// findBlocks reads the positions of the strips or tiles.
func (f *File) findBlocks() error {
	offsets, counts := uint16(stripOffsets), uint16(stripCounts)
	f.blockW, f.blockH = f.W, f.H
	if w := f.Number(tileWidth, 0); w > 0 {
		offsets, counts = tileOffsets, tileCounts
		f.blockW, f.blockH = w, f.Number(tileLength, 0)
		// The sides of tiles are multiples of 16. Tiles much larger than the picture are
		// refused.
		if f.blockW < 16 || f.blockH < 16 || f.blockW > max(f.W+16, 1024) || f.blockH > max(f.H+16, 1024) {
			return fmt.Errorf("tiles of %dx%d", f.blockW, f.blockH)
		}
	} else if rows := f.Number(rowsPerStrip, 0); rows > 0 {
		f.blockH = min(rows, f.H)
	}
	n := ceil(f.W, f.blockW) * ceil(f.H, f.blockH)
	if f.planes {
		n *= f.samples
	}
	var err error
	if f.offsets, err = f.Numbers(offsets, n); err != nil {
		return err
	}
	if f.counts, err = f.Numbers(counts, n); err != nil {
		return err
	}
	if len(f.counts) == 0 && n == 1 && f.compression == none { // some old programs leave them out
		f.counts = []int{ceil(f.blockW*f.perPixel()*f.bits, 8) * f.blockH}
	}
	if len(f.offsets) < n || len(f.counts) < n {
		return errors.New("fewer strips or tiles than the picture has")
	}
	return nil
}

// perPixel is the number of samples of a pixel in a block.
func (f *File) perPixel() int {
	if f.planes {
		return 1
	}
	return f.samples
}

func ceil(a, b int) int { return (a + b - 1) / b }
