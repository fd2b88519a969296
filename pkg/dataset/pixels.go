package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"

	"multiscale/pkg/picture"
)

// pixelDigest identifies the pixels of a picture as training sees them, in the given
// number of channels (0: its own). It does not depend on the file format: bytes and
// numbers that stand for the same values have the same digest.
func pixelDigest(p *picture.Planar, channels int) (sum [sha256.Size]byte) {
	pix, ok := asBytes(p)
	if ok {
		p = &picture.Planar{C: p.C, H: p.H, W: p.W, Pix: pix}
	}
	if p.C == rgb && channels == 1 {
		p = grey(p)
	}
	all := sha256.New()
	fmt.Fprintf(all, "%dx%dx%d ", p.C, p.H, p.W)
	if ok {
		all.Write(p.Pix)
	} else {
		writeValues(all, p.Values)
	}
	all.Sum(sum[:0])
	return sum
}

// asBytes returns the bytes v if all values of the picture have the form v/255.
func asBytes(p *picture.Planar) ([]uint8, bool) {
	if p.Pix != nil {
		return p.Pix, true
	}
	pix := make([]uint8, len(p.Values))
	for i, v := range p.Values {
		if !(v >= 0 && v <= 1) {
			return nil, false
		}
		pix[i] = uint8(float32(v*255) + 0.5)
		if float32(float64(pix[i])/255) != v {
			return nil, false
		}
	}
	return pix, true
}

func writeValues(to hash.Hash, values []float32) {
	var buffer [4096]byte
	for len(values) > 0 {
		n := min(len(values), len(buffer)/4)
		for i, v := range values[:n] {
			binary.LittleEndian.PutUint32(buffer[4*i:], math.Float32bits(v))
		}
		to.Write(buffer[:4*n])
		values = values[n:]
	}
}
