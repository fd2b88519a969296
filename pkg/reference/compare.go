package reference

import (
	"fmt"
	"math"
)

// Compare returns an error if got does not agree with want. With d = got - want, it requires
//
//	max |d| <= tolMaxAbs   and   ||d|| / ||want|| <= tolRelL2
//
// with Euclidean norms. A nil tolerance is not applied, but both must not be nil. A tolerance of 0
// requires equal values. NaNs and infinities never agree.
func Compare(got, want []float32, tolMaxAbs, tolRelL2 *float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d values, want %d", len(got), len(want))
	}
	if tolMaxAbs == nil && tolRelL2 == nil {
		return fmt.Errorf("no tolerance to compare by")
	}
	var worst, squares, norm float64
	at := 0
	for i, g := range got {
		w := float64(want[i])
		d := math.Abs(float64(g) - w)
		if !(d <= worst) { // the first NaN stays
			if !math.IsNaN(worst) {
				worst, at = d, i
			}
		}
		squares += d * d
		norm += w * w
	}
	if tolMaxAbs != nil && !(worst <= *tolMaxAbs) {
		return fmt.Errorf("element %d is %v, want %v: largest difference %.3g, tolerance %.3g", at, got[at], want[at], worst, *tolMaxAbs)
	}
	// There is no quotient here, so that want may be zero.
	if difference, norm := math.Sqrt(squares), math.Sqrt(norm); tolRelL2 != nil && !(difference <= *tolRelL2*norm) {
		return fmt.Errorf("relative difference %.3g in the Euclidean norm, tolerance %.3g", difference/norm, *tolRelL2)
	}
	return nil
}
