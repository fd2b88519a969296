package picture

// Exact returns the picture as Planar does, but without loss: 16-bit samples v become
// float32 numbers v/65535 instead of bytes.
func (d *Decoded) Exact() *Planar {
	if d.Pix16 == nil {
		return d.Planar()
	}
	p := &Planar{C: rgb, H: d.H, W: d.W, Values: make([]float32, rgb*d.W*d.H)}
	for c := range rgb {
		plane := d.Pix16[c%len(d.Pix16)]
		to := p.Values[c*d.W*d.H:][:len(plane)]
		for i, v := range plane {
			to[i] = FromWord(v)
		}
		for i, a := range d.Alpha16 { // blend with white
			if a != 0xffff {
				to[i] = 1 + float32(FromWord(a)*(to[i]-1))
			}
		}
	}
	return p
}

// FromWord is v/65535, correctly rounded.
func FromWord(v uint16) float32 { return float32(float64(v) / 65535) }
