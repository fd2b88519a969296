package jpeg

// Constants, times 2^13, of the inverse transform of Loeffler, Ligtenberg and Moschytz in
// the form of the Independent JPEG Group's integer method.
const (
	constBits = 13
	passBits  = 2 // fraction kept between the two passes

	f0298 = 2446  // 0.298631336
	f0390 = 3196  // 0.390180644
	f0541 = 4433  // 0.541196100
	f0765 = 6270  // 0.765366865
	f0899 = 7373  // 0.899976223
	f1175 = 9633  // 1.175875602
	f1501 = 12299 // 1.501321110
	f1847 = 15137 // 1.847759065
	f1961 = 16069 // 1.961570560
	f2053 = 16819 // 2.053119869
	f2562 = 20995 // 2.562915447
	f3072 = 25172 // 3.072711026
)

// idct writes the inverse transform of a block to 8 rows of pixels. The values equal
// libjpeg's, because every rounding is the same.
func idct(block *[64]int32, to []uint8, stride int) {
	for x := range 8 { // columns
		b := block[x:]
		if b[8]|b[16]|b[24]|b[32]|b[40]|b[48]|b[56] == 0 {
			v := b[0] << passBits
			b[0], b[8], b[16], b[24], b[32], b[40], b[48], b[56] = v, v, v, v, v, v, v, v
			continue
		}
		e, o := butterflies(b[0], b[8], b[16], b[24], b[32], b[40], b[48], b[56])
		const shift = constBits - passBits
		const half = 1 << (shift - 1)
		for k := range 4 {
			b[8*k] = (e[k] + o[k] + half) >> shift
			b[56-8*k] = (e[k] - o[k] + half) >> shift
		}
	}
	for y := range 8 { // rows
		b := block[8*y : 8*y+8 : 8*y+8]
		row := to[y*stride:][:8]
		const shift = constBits + passBits + 3
		const half = 1<<(shift-1) + 128<<shift
		if b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7] == 0 {
			v := clamp((b[0]<<constBits + half) >> shift)
			for k := range row {
				row[k] = v
			}
			continue
		}
		e, o := butterflies(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7])
		for k := range 4 {
			row[k] = clamp((e[k] + o[k] + half) >> shift)
			row[7-k] = clamp((e[k] - o[k] + half) >> shift)
		}
	}
}

// butterflies transforms eight values. Outputs k and 7-k, times 2^13, are e[k]+o[k] and
// e[k]-o[k].
func butterflies(x0, x1, x2, x3, x4, x5, x6, x7 int32) (e, o [4]int32) {
	z := (x2 + x6) * f0541
	low, high := z-x6*f1847, z+x2*f0765
	sum, diff := (x0+x4)<<constBits, (x0-x4)<<constBits
	e = [4]int32{sum + high, diff + low, diff - low, sum - high}

	z1, z2, z3, z4 := (x7+x1)*-f0899, (x5+x3)*-f2562, (x7+x3)*-f1961, (x5+x1)*-f0390
	z5 := (x7 + x3 + x5 + x1) * f1175
	z3, z4 = z3+z5, z4+z5
	o = [4]int32{x1*f1501 + z1 + z4, x3*f3072 + z2 + z3, x5*f2053 + z2 + z4, x7*f0298 + z1 + z3}
	return e, o
}

func clamp(v int32) uint8 {
	if uint32(v) > 255 {
		if v < 0 {
			return 0
		}
		return 255
	}
	return uint8(v)
}
