package picture

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"image/png"
	"io"
	"strings"

	"multiscale/pkg/picture/icc"
)

func sizePNG(s *source) (w, h int, err error) {
	c, err := png.DecodeConfig(bufio.NewReader(s.stream()))
	return c.Width, c.Height, err
}

// endPNG is the chunk that ends a file.
const endPNG = "\x00\x00\x00\x00IEND\xae\x42\x60\x82"

func readPNG(s *source) (*raw, error) {
	img, err := png.Decode(bufio.NewReaderSize(s.stream(), 64<<10))
	about := readChunks(s)
	endless := err != nil && !about.ended
	if endless { // perhaps only the chunk IEND is missing or incomplete: append it
		whole := io.NewSectionReader(s, 0, about.end)
		if img, err = png.Decode(bufio.NewReaderSize(io.MultiReader(whole, strings.NewReader(endPNG)), 64<<10)); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
	}
	if err != nil {
		return nil, err
	}
	r := &raw{Decoded: *decodedOf(img), orientation: orientationOf(about.exif, about.xmp), profile: about.profile, exif: directoryOf(about.exif), x: about.x, y: about.y}
	if about.grey { // image/png decodes grey with alpha as RGB
		r.Pix8, r.Pix16 = r.Pix8[:min(1, len(r.Pix8))], r.Pix16[:min(1, len(r.Pix16))]
	}
	about.colours(r)
	if endless {
		r.note(noEnd)
	}
	if about.frames > 1 {
		r.note("the first of %d frames is taken", about.frames)
	}
	return r, nil
}

// chunks has the metadata of a PNG file.
type chunks struct {
	grey      bool
	exif, xmp []byte
	profile   []byte
	cicp      []byte
	sRGB      bool
	gamma     float64 // exponent from values to light; 0 if unknown
	primaries *icc.Chromaticities
	frames    int     // of an animation
	x, y      float64 // pixels per inch; 0 if unknown
	end       int64   // end of the complete chunks before IEND
	ended     bool    // IEND is there and complete
}

const (
	maxChunks  = 1 << 20
	maxChunk   = 16 << 20 // bytes of metadata
	chunkFrame = 12       // bytes of length, name and checksum
)

// readChunks reads the chunks with metadata. It ignores those that it cannot read.
func readChunks(s *source) (c chunks) {
	c.end = 8
	for range maxChunks {
		var head [8]byte
		if _, err := s.ReadAt(head[:], c.end); err != nil {
			break
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		name := string(head[4:])
		if c.end+n+chunkFrame > s.size {
			break
		}
		if c.ended = name == "IEND"; c.ended {
			break
		}
		switch name {
		case "IHDR", "cICP", "sRGB", "gAMA", "cHRM", "iCCP", "eXIf", "tEXt", "zTXt", "iTXt", "acTL", "pHYs":
			if n > maxChunk {
				break
			}
			data := make([]byte, n)
			if _, err := s.ReadAt(data, c.end+8); err == nil {
				c.chunk(name, data)
			}
		}
		c.end += n + chunkFrame
	}
	return c
}

// chunk reads one chunk. It ignores invalid ones.
func (c *chunks) chunk(name string, data []byte) {
	number := func(i int) float64 { return float64(binary.BigEndian.Uint32(data[4*i:])) / 100_000 }
	switch {
	case name == "IHDR" && len(data) == 13:
		c.grey = data[9] == 0 || data[9] == 4
	case name == "cICP" && len(data) == 4:
		c.cicp = data
	case name == "sRGB":
		c.sRGB = true
	case name == "gAMA" && len(data) == 4:
		if g := number(0); g > 0 {
			c.gamma = 1 / g
		}
	case name == "cHRM" && len(data) == 32:
		var p icc.Chromaticities
		for i := range p {
			p[i] = [2]float64{number(2 * i), number(2*i + 1)}
			if p[i][0] <= 0 || p[i][1] <= 0 || p[i][0]+p[i][1] > 1 {
				return
			}
		}
		c.primaries = &p
	case name == "iCCP":
		if _, packed, ok := bytes.Cut(data, []byte{0}); ok && len(packed) > 1 {
			c.profile = inflate(packed[1:])
		}
	case name == "eXIf":
		c.exif = data
	case name == "acTL" && len(data) == 8:
		c.frames = int(binary.BigEndian.Uint32(data))
	case name == "pHYs" && len(data) == 9 && data[8] == 1: // pixels per metre
		c.x, c.y = float64(binary.BigEndian.Uint32(data))*metresPerInch, float64(binary.BigEndian.Uint32(data[4:]))*metresPerInch
	case name == "tEXt" || name == "zTXt":
		keyword, text, _ := bytes.Cut(data, []byte{0})
		if c.exif != nil || string(keyword) != "Raw profile type exif" && string(keyword) != "Raw profile type APP1" {
			return
		}
		if name == "zTXt" && len(text) > 0 {
			text = inflate(text[1:]) // skip the method
		}
		c.exif = rawProfile(text)
	case name == "iTXt":
		// keyword, 0, compression flag, method, language, 0, translated keyword, 0, text
		keyword, rest, ok := bytes.Cut(data, []byte{0})
		if !ok || string(keyword) != "XML:com.adobe.xmp" || len(rest) < 2 {
			return
		}
		packed := rest[0] == 1
		_, rest, _ = bytes.Cut(rest[2:], []byte{0})
		if _, c.xmp, _ = bytes.Cut(rest, []byte{0}); packed {
			c.xmp = inflate(c.xmp)
		}
	}
}

// rawProfile decodes EXIF data in the form that ImageMagick and exiftool wrote before PNG had the
// chunk eXIf: lines with a name, a length, and hexadecimal digits.
func rawProfile(text []byte) []byte {
	fields := bytes.Fields(text)
	if len(fields) < 3 {
		return nil
	}
	data, err := hex.DecodeString(string(bytes.Join(fields[2:], nil)))
	if err != nil {
		return nil
	}
	return data
}

// inflate decompresses data. It returns nil if they are damaged or longer than maxChunk.
func inflate(packed []byte) []byte {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxChunk+1))
	if err != nil || len(data) > maxChunk {
		return nil
	}
	return data
}

// colours determines the colour space of the values, in the order of precedence of PNG
// (third edition, 4.3).
func (c *chunks) colours(r *raw) {
	switch {
	case c.cicp != nil:
		r.profile = nil
		r.space = r.codePoints(c.cicp)
	case c.profile != nil || c.sRGB:
	case c.gamma > 0 || c.primaries != nil:
		gamma, primaries := c.gamma, icc.BT709
		if gamma == 0 {
			gamma = 2.2
		}
		if c.primaries != nil && !r.Grey() {
			primaries = *c.primaries
		}
		curve := icc.Power(gamma)
		if gamma > 2.1 && gamma < 2.3 { // sRGB files state a gamma of 2.2
			curve = icc.SRGB
		}
		if r.Grey() {
			r.space = icc.NewGrey("the file's gamma", curve)
		} else {
			r.space = icc.New("the file's gamma and primaries", primaries, curve)
		}
	}
}

// codePoints returns the profile for code points of ITU-T H.273. It supports those that can
// be converted without knowledge of the display; for others it adds a note and returns nil.
func (r *raw) codePoints(cicp []byte) *icc.Profile {
	primaries, ok := map[byte]icc.Chromaticities{1: icc.BT709, 9: icc.BT2020, 12: icc.DisplayP3}[cicp[0]]
	curve, known := map[byte]func(float64) float64{4: icc.Power(2.2), 8: icc.Power(1), 13: icc.SRGB}[cicp[1]]
	if !ok || !known {
		r.note("colours of code points %d and %d are taken for sRGB", cicp[0], cicp[1])
		return nil
	}
	if r.Grey() {
		return icc.NewGrey("its code points", curve)
	}
	return icc.New("its code points", primaries, curve)
}
