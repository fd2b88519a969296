package comparison

import (
	"math"
	"multiscale/pkg/mge"
	"testing"
)

func TestQuality(t *testing.T) {
	sr := Subject{"superresolution", "srnet", "deadleaves"}
	all := groups(t,
		newRun(t, denoising,
			unit{mge.Single.Name, 1, []float64{0.4, 0.2, 0.102, 0.1}}, unit{mge.Single.Name, 2, []float64{0.4, 0.2, 0.2, 0.1}},
			unit{mge.MGE.Name, 1, []float64{0.4, 0.1, 0.2, 0.11}}, unit{mge.MGE.Name, 2, []float64{0.4, 0.3, 0.2, 0.12}},
			unit{mge.FullMultiscale.Name, 1, []float64{math.NaN(), 0.103, 0.09, 0.09}}, unit{mge.FullMultiscale.Name, 3, []float64{0.01}},
			unit{mge.Progressive.Name, 1, nil}),
		newRun(t, sr, unit{mge.MGE.Name, 1, []float64{0.3}}))
	check(t, Quality(all),
		"denoising unet deadleaves, MSE (quick) | single | 0.0% | 0.0% | 3360 ± 0 | 1.00 | 2940 ± 594 | 1.00",
		// Seed 1 reaches the error but does not end there; seed 2 never reaches it.
		" | mge | +15.0% (−48.5 to +78.5) | +10.0% | 510 (1 of 2) | 6.59 | 510 (1 of 2) | 4.94",
		// Seed 3 has no single-scale run.
		" | fullmultiscale | −10.0% | −10.0% | 438.8 | 7.66 | 292.5 | 8.62",
		" | progressive |  |  | no common curve |  | no common curve | ",
		"superresolution srnet deadleaves, 1−SSIM (quick, batch 8) | mge |  |  | no single-scale run |  | no single-scale run | ",
	)
	check(t, QualitySeconds(all),
		"denoising unet deadleaves, MSE (quick) | single | 336.0 ± 0.0 | 1.00 | 294.0 ± 59.4 | 1.00",
		" | mge | 51.0 (1 of 2) | 6.59 | 51.0 (1 of 2) | 4.94",
		" | fullmultiscale | 43.9 | 7.66 | 29.2 | 8.62",
		" | progressive | no common curve |  | no common curve | ",
		"superresolution srnet deadleaves, 1−SSIM (quick, batch 8) | mge | no single-scale run |  | no single-scale run | ",
	)
	// Without seconds.csv the work is known, but not the time.
	old := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}}, unit{mge.MGE.Name, 1, []float64{0.1}})
	old.Moments = nil
	check(t, QualitySeconds(groups(t, old)),
		"denoising unet deadleaves, MSE | single | unknown |  | unknown | ",
		" | mge | unknown |  | unknown | ")
}
