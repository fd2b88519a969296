package lanes

// The interpolation points of the Winograd maps are 0, ±pointA, ±pointB and
// infinity. These values keep the rounding errors of both the forward and the
// gradient maps small: the textbook's points 1 and 2 cause errors twice as large.
// Their squares are exact in float32.
const (
	pointA = 0.625
	pointB = 1.5
)

// The squares of the points, and for each point the scale 1/product of its distances to
// the others. They are rounded to float32 as in the assembly.
const (
	a2, b2 = pointA * pointA, pointB * pointB
	scale0 = 1 / (a2 * b2)
	scaleA = 1 / (2 * a2 * (a2 - b2))
	scaleB = 1 / (2 * b2 * (b2 - a2))
)

// transform applies do to columns, then to rows, lane by lane.
func transform(t *Transform, in, out int, do func([6]float32) [6]float32) {
	var half [6][6]float32
	var v [6]float32
	for n := range t.DstAt {
		src, dst := int(t.SrcAt[n]), int(t.DstAt[n])
		for lane := range portableLanes {
			for j := range in {
				for i := range in {
					v[i] = t.Src[src+i*t.SrcRow+j*t.SrcCol+lane]
				}
				for i, x := range do(v) {
					half[i][j] = x
				}
			}
			for i := range out {
				v = do(half[i])
				for j := range out {
					t.Dst[dst+i*t.DstRow+j*t.DstCol+lane] = v[j]
				}
			}
		}
	}
}

// The maps of F(4x4, 3x3) for one row of values: input is Input, interpolate4 is Output,
// interpolate3 is Weights, evaluate3 is Filter and evaluate4 is Gradient. The evaluations
// return the values of the polynomial with coefficients g at the points, times the scales;
// the interpolations return the sums of p^k*d[p] over the points p, for each power k.

func input(d [6]float32) [6]float32 {
	ea, oa := d[4]-float32(b2*d[2]), float32(pointA*(d[3]-float32(b2*d[1])))
	eb, ob := d[4]-float32(a2*d[2]), float32(pointB*(d[3]-float32(a2*d[1])))
	return [6]float32{
		d[4] - float32((a2+b2)*d[2]) + float32(a2*b2*d[0]),
		ea + oa, ea - oa, eb + ob, eb - ob,
		d[5] - float32((a2+b2)*d[3]) + float32(a2*b2*d[1]),
	}
}

func interpolate4(d [6]float32) [6]float32 {
	sa, da, sb, db := d[1]+d[2], d[1]-d[2], d[3]+d[4], d[3]-d[4]
	return [6]float32{
		d[0] + sa + sb,
		float32(pointA*da) + float32(pointB*db),
		float32(a2*sa) + float32(b2*sb),
		d[5] + float32(a2*pointA*da) + float32(b2*pointB*db),
	}
}

func interpolate3(d [6]float32) [6]float32 {
	sa, da, sb, db := d[1]+d[2], d[1]-d[2], d[3]+d[4], d[3]-d[4]
	return [6]float32{
		d[0] + sa + sb,
		float32(pointA*da) + float32(pointB*db),
		d[5] + float32(a2*sa) + float32(b2*sb),
	}
}

func evaluate3(g [6]float32) [6]float32 {
	ea, oa := float32(scaleA*(g[0]+float32(a2*g[2]))), float32(scaleA*pointA*g[1])
	eb, ob := float32(scaleB*(g[0]+float32(b2*g[2]))), float32(scaleB*pointB*g[1])
	return [6]float32{scale0 * g[0], ea + oa, ea - oa, eb + ob, eb - ob, g[2]}
}

func evaluate4(g [6]float32) [6]float32 {
	ea, oa := float32(scaleA*(g[0]+float32(a2*g[2]))), float32(scaleA*pointA*(g[1]+float32(a2*g[3])))
	eb, ob := float32(scaleB*(g[0]+float32(b2*g[2]))), float32(scaleB*pointB*(g[1]+float32(b2*g[3])))
	return [6]float32{scale0 * g[0], ea + oa, ea - oa, eb + ob, eb - ob, g[3]}
}

// A row of two pixels x between zeros gives the outputs
//
//	y0 = g1*x0 + g2*x1 = g1*(x0+x1) + (g2-g1)*x1
//	y1 = g0*x0 + g1*x1 = g1*(x0+x1) + (g0-g1)*x0
//
// which are three products instead of four. Three products of the same sums of x with sums
// of the gradient of y give the gradient of g.

func smallInput(x [6]float32) [6]float32    { return [6]float32{x[0], x[0] + x[1], x[1]} }
func smallFilter(g [6]float32) [6]float32   { return [6]float32{g[0] - g[1], g[1], g[2] - g[1]} }
func smallOutput(m [6]float32) [6]float32   { return [6]float32{m[1] + m[2], m[1] + m[0]} }
func smallGradient(y [6]float32) [6]float32 { return [6]float32{y[1], y[0] + y[1], y[0]} }
func smallWeights(m [6]float32) [6]float32  { return [6]float32{m[0], m[1] - m[0] - m[2], m[2]} }
