package metric

import (
	"fmt"
	"math"
	"strings"

	"multiscale/pkg/elementary"
	"multiscale/pkg/lists"
	"multiscale/pkg/pixel"
)

// Measure is a number by which restored images are compared.
type Measure struct {
	// Name is its column in tables and files: lower-case letters, digits and _.
	Name string
	// Title is what people read: MSE, PSNR dB.
	Title string
	// Higher says that larger values are better; the best is then 1, unless the
	// measure is Decibels.
	Higher bool
	// Decibels says that values are -10 log10 of an error, as PSNR's are.
	Decibels bool `json:",omitempty"`
	// Places is how many decimal places tables show.
	Places int
	// Of measures each image of a comparison.
	Of func(c *Comparison) []float64 `json:"-"`
}

// The measures of this package.
var (
	// MSE is on normalised values, as in the paper.
	MSE = Measure{Name: "mse", Title: "MSE", Places: 5,
		Of: func(c *Comparison) []float64 { return MeanSquares(c.Got, c.Want) }}
	// PSNR (dB) is on pixels in [0,1], clamped, over all channels.
	PSNR = Measure{Name: "psnr", Title: "PSNR dB", Higher: true, Decibels: true, Places: 2,
		Of: func(c *Comparison) []float64 { return PeakRatios(c.Pixels()) }}
	// SSIM is on pixels in [0,1], clamped; see Similarities.
	SSIM = Measure{Name: "ssim", Title: "SSIM", Higher: true, Places: 4,
		Of: func(c *Comparison) []float64 { return Similarities(c.Pixels()) }}
	// SSIMSigned is SSIM of the normalised values, as the authors' code has it.
	SSIMSigned = Measure{Name: "ssim_signed", Title: "SSIM signed", Higher: true, Places: 4,
		Of: func(c *Comparison) []float64 { return Similarities(c.Got, c.Want) }}
	// PSNRLuma (dB) is on the luma of RGB images without a border of two pixels, as
	// papers on super-resolution by two report it.
	PSNRLuma = Measure{Name: "psnr_luma", Title: "PSNR luma dB", Higher: true, Decibels: true, Places: 2,
		Of: func(c *Comparison) []float64 {
			got, want := c.Pixels()
			return PeakRatiosOfLuma(got, want, 2)
		}}
	// SSIMLuma is SSIM where PSNRLuma is taken, as papers on super-resolution by two
	// report it; see SimilaritiesOfLuma.
	SSIMLuma = Measure{Name: "ssim_luma", Title: "SSIM luma", Higher: true, Places: 4,
		Of: func(c *Comparison) []float64 {
			got, want := c.Pixels()
			return SimilaritiesOfLuma(got, want, 2)
		}}
)

// Always are the measures of every validation, for every task: the columns
// mse, psnr, ssim and ssim_signed of summary.csv.
func Always() []Measure { return []Measure{MSE, PSNR, SSIM, SSIMSigned} }

// Better reports whether a is a better value than b; NaN is worse than all.
func (m Measure) Better(a, b float64) bool {
	if m.Higher {
		a, b = -a, -b
	}
	return a < b || math.IsNaN(b) && !math.IsNaN(a)
}

// Error returns a value as an error, which is at least 0 and smaller for better images: v itself;
// 1-v where higher values are better; 10^(-v/10) for decibels.
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

// Find returns the measure of a name.
func Find(measures []Measure, name string) (Measure, error) {
	of := func(m Measure) string { return m.Name }
	if m, ok := lists.Find(measures, of, name); ok {
		return m, nil
	}
	return Measure{}, fmt.Errorf("unknown measure %q: use one of %s", name, strings.Join(lists.Of(measures, of), ", "))
}

// Union returns the measures of several lists, each once.
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

// Comparison is restored images beside what they should be, both normalised.
type Comparison struct {
	Got, Want pixel.Images
	Scale     pixel.Scale

	got, want *pixel.Images // as pixels, once they have been needed
}

// Pixels returns both as pixels in [0,1], clamped.
func (c *Comparison) Pixels() (got, want pixel.Images) {
	if c.got == nil {
		got, want := c.Scale.Pixels(c.Got), c.Scale.Pixels(c.Want)
		c.got, c.want = &got, &want
	}
	return *c.got, *c.want
}

// Values are the values of measures by name.
type Values map[string]float64

// Of returns the value of a measure; NaN where there is none.
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

// Join gives the meter the values of n images, of which those that it has measured are the ones from a
// number on. sum is to add the vectors that the meters of all images have, with zeros for the others'.
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

// Means returns the mean over all images of each measure; NaN if nothing was added.
func (m *Meter) Means() Values {
	v := Values{}
	for i, measure := range m.measures {
		v[measure.Name] = Mean(m.values[i])
	}
	return v
}

// All are the measures of this package.
func All() []Measure { return Union(Always(), []Measure{PSNRLuma, SSIMLuma}) }
