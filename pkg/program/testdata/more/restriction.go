package main

import "multiscale/pkg/pixel"

// diagonal takes the mean of two pixels of each square, the upper left and the lower right one.
type diagonal struct{}

func (diagonal) Name() string { return "diagonal" }
func (diagonal) Halve(y, x pixel.Images) {
	for plane := range x.N * x.C {
		from, to := x.Data[plane*x.Plane():], y.Data[plane*y.Plane():]
		for i := range y.H {
			for j := range y.W {
				at := 2*i*x.W + 2*j
				to[i*y.W+j] = (from[at] + from[at+x.W+1]) / 2
			}
		}
	}
}
