package pointwise

// Concat joins a (n,ca,hw) and b (n,cb,hw) along the channels to y
// (n,ca+cb,hw).
func Concat(y, a, b []float32, n, ca, cb, hw int) {
	same("Concat", n*(ca+cb)*hw, len(y), len(a)+len(b))
	j := newJob(concat, y, nil)
	j.z, j.w, j.cut = a, b, ca*hw
	j.byRows(n, (ca+cb)*hw)
}

func concat(j *job, lo, hi int) {
	rest := j.width - j.cut
	for i := lo; i < hi; i++ {
		row := j.y[i*j.width:][:j.width]
		copy(row[:j.cut], j.z[i*j.cut:])
		copy(row[j.cut:], j.w[i*rest:])
	}
}

// Split is the inverse of Concat, and therefore its gradient: it splits gy
// (n,ca+cb,hw) into ga (n,ca,hw) and gb (n,cb,hw). ga or gb may be nil if it is not
// needed.
func Split(ga, gb, gy []float32, n, ca, cb, hw int) {
	same("Split", n*(ca+cb)*hw, len(gy))
	j := newJob(split, nil, gy)
	j.z, j.w, j.cut = ga, gb, ca*hw
	j.byRows(n, (ca+cb)*hw)
}

func split(j *job, lo, hi int) {
	rest := j.width - j.cut
	for i := lo; i < hi; i++ {
		row := j.x[i*j.width:][:j.width]
		if j.z != nil {
			copy(j.z[i*j.cut:][:j.cut], row)
		}
		if j.w != nil {
			copy(j.w[i*rest:][:rest], row[j.cut:])
		}
	}
}
