package vector

func duplicateGeneric(y, x []float32, s float32) {
	for i, v := range x {
		v *= s
		y[2*i], y[2*i+1] = v, v
	}
}

func pairSumsGeneric(y, a, b []float32, s float32) {
	for i := range y {
		y[i] = s * ((a[2*i] + a[2*i+1]) + (b[2*i] + b[2*i+1]))
	}
}

func evensGeneric(y, x []float32) {
	for i := range y {
		y[i] = x[2*i]
	}
}

func interleaveGeneric(y, a, b []float32) {
	for i, v := range a {
		y[2*i], y[2*i+1] = v, b[i]
	}
}

func deinterleaveGeneric(a, b, y []float32) {
	for i := range a {
		a[i], b[i] = y[2*i], y[2*i+1]
	}
}

func blendGeneric(y, a, b []float32, s, t float32) {
	for i, v := range a {
		y[i] = s*v + t*b[i]
	}
}
