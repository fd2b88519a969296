package picture

// Half returns the picture reduced to floor(W/2) by floor(H/2) pixels by antialiased
// bicubic interpolation: the cubic kernel (a = -1/2) is twice as wide, borders are
// mirrored, and bytes are rounded once, at the end. This is MATLAB's imresize(p, 1/2),
// the usual way to make the low-resolution pictures of super-resolution data sets. Both
// sides must be at least 2.
//
// Pictures of numbers are not rounded.
func (p *Planar) Half() *Planar {
	q := &Planar{C: p.C, H: p.H / 2, W: p.W / 2}
	size := q.C * q.H * q.W
	if p.Pix != nil {
		q.Pix = make([]uint8, size)
	} else {
		q.Values = make([]float32, size)
	}
	rows := make([]float32, p.H*q.W) // a plane reduced along x only
	for c := range p.C {
		for y := range p.H {
			to, at := rows[y*q.W:][:q.W], (c*p.H+y)*p.W
			if p.Pix != nil {
				halve(to, p.Pix[at:][:p.W])
			} else {
				halve(to, p.Values[at:][:p.W])
			}
		}
		for y := range q.H {
			at := (c*q.H + y) * q.W
			for x := range q.W {
				var sum float32
				for k, w := range halving {
					sum += float32(w * (rows[mirror(2*y+1+k, p.H)*q.W+x] + rows[mirror(2*y-k, p.H)*q.W+x]))
				}
				if q.Pix != nil {
					q.Pix[at+x] = uint8(min(max(sum, 0), 255) + 0.5)
				} else {
					q.Values[at+x] = sum
				}
			}
		}
	}
	return q
}

// halve reduces a row.
func halve[T uint8 | float32](to []float32, from []T) {
	for x := range to {
		var sum float32
		for k, w := range halving {
			sum += float32(w * (float32(from[mirror(2*x+1+k, len(from))]) + float32(from[mirror(2*x-k, len(from))])))
		}
		to[x] = sum
	}
}

// halving has the weights cubic(d/2)/2 of the widened kernel at distances d = 1/2, 3/2,
// 5/2 and 7/2 input pixels from the centre of the output pixel. The weights of one side
// have the sum 1/2.
var halving = [4]float32{111.0 / 256, 29.0 / 256, -9.0 / 256, -3.0 / 256}

// Double returns the picture enlarged to 2*W by 2*H pixels by bicubic interpolation with
// the cubic kernel (a = -1/2). Borders are mirrored, and bytes are rounded once, at the
// end. This is MATLAB's imresize(p, 2), the baseline of super-resolution. Pictures of
// numbers are not rounded.
func (p *Planar) Double() *Planar {
	q := &Planar{C: p.C, H: 2 * p.H, W: 2 * p.W, Values: make([]float32, 4*p.C*p.H*p.W)}
	from, rows := make([]float32, p.C*p.H*p.W), make([]float32, p.H*q.W) // rows: a plane enlarged along x only
	p.Float(from)
	for c := range p.C {
		for y := range p.H {
			line := from[(c*p.H+y)*p.W:][:p.W]
			double(p.W, func(to, k int, w float32) { rows[y*q.W+to] += float32(w * line[k]) })
		}
		plane := q.Values[c*q.H*q.W:][:q.H*q.W]
		double(p.H, func(to, k int, w float32) {
			for x, v := range rows[k*q.W:][:q.W] {
				plane[to*q.W+x] += float32(w * v)
			}
		})
		clear(rows)
	}
	if p.Pix == nil {
		return q
	}
	return FromFloat(q.Values, q.W, q.H)
}

// double calls add for each output pixel to of 2*n and each of its four input pixels k of
// n, with the weight w.
func double(n int, add func(to, k int, w float32)) {
	for to := range 2 * n {
		first, step := to/2-2, 1 // begin with the input pixel that is farthest away
		if to%2 == 1 {
			first, step = to/2+2, -1
		}
		for k, w := range doubling {
			add(to, mirror(first+step*k, n), w)
		}
	}
}

// doubling has the weights of the cubic kernel at distances 7/4, 3/4, 1/4 and 5/4 input
// pixels from the centre of the output pixel, in the order in which double visits them.
var doubling = [4]float32{-3.0 / 128, 29.0 / 128, 111.0 / 128, -9.0 / 128}

// mirror reflects an index at the borders of [0, n). The border pixel is repeated.
func mirror(i, n int) int {
	for i < 0 || i >= n {
		if i < 0 {
			i = -1 - i
		} else {
			i = 2*n - 1 - i
		}
	}
	return i
}
