package metric

import (
	"fmt"
	"math"
	"strings"

	"multiscale/pkg/elementary"
	"multiscale/pkg/lists"
	"multiscale/pkg/pixel"
)

// Measure is a measure of the quality of restored images.
type Measure struct {
	// Name is the name of its column in tables and files: lower-case letters, digits and _.
	Name string
	// Title is for readers, such as MSE or PSNR dB.
	Title string
	// Higher is true if larger values are better. The best value is then 1, unless Decibels is
	// true.
	Higher bool
	// Decibels is true if values are -10 log10 of an error, like PSNR.
	Decibels bool `json:",omitempty"`
	// Places is the number of decimal places in tables.
	Places int
	// Of returns the value of each image of a comparison.
	Of func(c *Comparison) []float64 `json:"-"`
}

// The measures of this package.
var (
	// MSE is the mean squared error of normalised values, as in the paper.
	MSE = Measure{Name: "mse", Title: "MSE", Places: 5,
		Of: func(c *Comparison) []float64 { return MeanSquares(c.Got, c.Want) }}
	// PSNR is in dB, for pixels clamped to [0,1], over all channels.
	PSNR = Measure{Name: "psnr", Title: "PSNR dB", Higher: true, Decibels: true, Places: 2,
		Of: func(c *Comparison) []float64 { return PeakRatios(c.Pixels()) }}
	// SSIM is for pixels clamped to [0,1]; see Similarities.
	SSIM = Measure{Name: "ssim", Title: "SSIM", Higher: true, Places: 4,
		Of: func(c *Comparison) []float64 { return Similarities(c.Pixels()) }}
	// SSIMSigned is the SSIM of normalised values, as in the authors' code.
	SSIMSigned = Measure{Name: "ssim_signed", Title: "SSIM signed", Higher: true, Places: 4,
		Of: func(c *Comparison) []float64 { return Similarities(c.Got, c.Want) }}
	// PSNRLuma is the PSNR in dB of the luma of RGB images without a border of two pixels, as
	// papers on super-resolution by two report it; see PeakRatiosOfLuma.
	PSNRLuma = Measure{Name: "psnr_luma", Title: "PSNR luma dB", Higher: true, Decibels: true, Places: 2,
		Of: func(c *Comparison) []float64 {
			got, want := c.Pixels()
			return PeakRatiosOfLuma(got, want, 2)
		}}
	// SSIMLuma is the SSIM of luma inside the same border, as papers on super-resolution by two
	// report it; see SimilaritiesOfLuma.
	SSIMLuma = Measure{Name: "ssim_luma", Title: "SSIM luma", Higher: true, Places: 4,
		Of: func(c *Comparison) []float64 {
			got, want := c.Pixels()
			return SimilaritiesOfLuma(got, want, 2)
		}}
)

// Always returns the measures of every validation of every task. They are the columns mse, psnr,
// ssim and ssim_signed of summary.csv.
func Always() []Measure { return []Measure{MSE, PSNR, SSIM, SSIMSigned} }

// Better reports whether a is a better value than b. NaN is worse than every number.
func (m Measure) Better(a, b float64) bool {
	if m.Higher {
		a, b = -a, -b
	}
	return a < b || math.IsNaN(b) && !math.IsNaN(a)
}

// Error converts a value to an error, which is at least 0 and smaller for better images: 10^(-v/10) for
// decibels, 1-v for other measures whose higher values are better, and v otherwise.
func (m Measure) Error(v float64) float64 {
	switch {
	case m.Decibels:
		return elementary.Pow(10, -v/10)
	case m.Higher:
		return 1 - v
	}
	return v
}

// ErrorTitle is the title of Error.
func (m Measure) ErrorTitle() string {
	switch {
	case m.Decibels:
		return "error of " + m.Title
	case m.Higher:
		return "1−" + m.Title
	}
	return m.Title
}

// Find returns the measure with the given name.
func Find(measures []Measure, name string) (Measure, error) {
	of := func(m Measure) string { return m.Name }
	if m, ok := lists.Find(measures, of, name); ok {
		return m, nil
	}
	return Measure{}, fmt.Errorf("unknown measure %q: use one of %s", name, strings.Join(lists.Of(measures, of), ", "))
}

// Union returns the measures of several lists without repetitions.
func Union(lists ...[]Measure) (all []Measure) {
	seen := map[string]bool{}
	for _, list := range lists {
		for _, m := range list {
			if !seen[m.Name] {
				seen[m.Name] = true
				all = append(all, m)
			}
		}
	}
	return all
}

// Comparison has restored images and their ground truth, both normalised.
type Comparison struct {
	Got, Want pixel.Images
	Scale     pixel.Scale

	got, want *pixel.Images // as pixels; nil before the first use
}

// Pixels returns both as pixels clamped to [0,1].
func (c *Comparison) Pixels() (got, want pixel.Images) {
	if c.got == nil {
		got, want := c.Scale.Pixels(c.Got), c.Scale.Pixels(c.Want)
		c.got, c.want = &got, &want
	}
	return *c.got, *c.want
}

// Values are the values of measures by name.
type Values map[string]float64

// Of returns the value of a measure, or NaN if there is none.
func (v Values) Of(m Measure) float64 {
	if x, ok := v[m.Name]; ok {
		return x
	}
	return math.NaN()
}

// Meter collects measures image by image. It is not safe for concurrent use.
type Meter struct {
	measures []Measure
	values   [][]float64
}

// NewMeter returns a meter of measures.
func NewMeter(measures ...Measure) *Meter {
	return &Meter{measures, make([][]float64, len(measures))}
}

// Add measures a batch of normalised images.
func (m *Meter) Add(got, want pixel.Images, scale pixel.Scale) {
	c := &Comparison{Got: got, Want: want, Scale: scale}
	for i, measure := range m.measures {
		m.values[i] = append(m.values[i], measure.Of(c)...)
	}
}

// Join combines the values of several meters, which have measured disjoint parts of n images. This meter's
// images are numbered from `from` on. sum must replace its argument by the sum of the vectors of all
// meters. Each vector has zeros for the images of other meters.
func (m *Meter) Join(n, from int, sum func([]float64) error) error {
	all := make([]float64, len(m.measures)*n)
	for i, own := range m.values {
		copy(all[i*n+from:(i+1)*n], own)
	}
	err := sum(all)
	for i := range m.values {
		m.values[i] = all[i*n : (i+1)*n]
	}
	return err
}

// Means returns the mean of each measure over all images. It is NaN if there are none.
func (m *Meter) Means() Values {
	v := Values{}
	for i, measure := range m.measures {
		v[measure.Name] = Mean(m.values[i])
	}
	return v
}

// All returns the measures of this package.
func All() []Measure { return Union(Always(), []Measure{PSNRLuma, SSIMLuma}) }
