package picture

import "image"

// FillInvisible gives pixels that cannot be seen, those of alpha 0, colours that
// continue those of the pixels around them, so that filters may look beyond the edge of
// what is seen without a fringe. Alpha and all other pixels stay.
//
// Each level of a pyramid has the means of what can be seen on the finer one;
// what cannot is interpolated from the coarser one.
func FillInvisible(img *image.NRGBA) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	missing := false
	for y := range h {
		for x := range w {
			missing = missing || img.Pix[y*img.Stride+4*x+3] == 0
		}
	}
	if !missing || w == 1 && h == 1 {
		return
	}
	coarse := image.NewNRGBA(image.Rect(0, 0, (w+1)/2, (h+1)/2))
	for y := range coarse.Rect.Dy() {
		for x := range coarse.Rect.Dx() {
			var sum [3]int
			n := 0
			for k := range 4 {
				if fx, fy := 2*x+k%2, 2*y+k/2; fx < w && fy < h {
					if q := img.Pix[fy*img.Stride+4*fx:]; q[3] != 0 {
						for c := range sum {
							sum[c] += int(q[c])
						}
						n++
					}
				}
			}
			if n > 0 {
				q := coarse.Pix[y*coarse.Stride+4*x:]
				q[0], q[1], q[2], q[3] = uint8((sum[0]+n/2)/n), uint8((sum[1]+n/2)/n), uint8((sum[2]+n/2)/n), 255
			}
		}
	}
	FillInvisible(coarse)
	for y := range h {
		near, far := y/2, min(max(y/2-1+y%2*2, 0), coarse.Rect.Dy()-1)
		for x := range w {
			q := img.Pix[y*img.Stride+4*x:]
			if q[3] != 0 {
				continue
			}
			left, right := x/2, min(max(x/2-1+x%2*2, 0), coarse.Rect.Dx()-1)
			for c := range 3 {
				at := func(x, y int) int { return int(coarse.Pix[y*coarse.Stride+4*x+c]) }
				q[c] = uint8((9*at(left, near) + 3*at(right, near) + 3*at(left, far) + at(right, far) + 8) / 16)
			}
		}
	}
}
