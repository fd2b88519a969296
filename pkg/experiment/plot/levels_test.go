package plot

import (
	"bytes"
	"image/png"
	"math"
	"slices"
	"testing"
)

// TestLevels: values that cannot be shown are left out, and figures of every size work.
func TestLevels(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	full := Diagram{Title: "a title", Y: "variance", Log2: true, Curves: []Curve{
		{Name: "nearest, difference", Values: []float64{0.1, 0.4, 1.7}},
		{Name: "nearest, one mesh", Dashed: true, Values: []float64{4, 4.2, 5, 6}},
		{Name: "average, difference", Look: 1, Values: []float64{0.2, 0, nan}},
		{Name: "from level 1", Look: 7, First: 1, Values: []float64{inf, 1}},
	}}
	for name, diagrams := range map[string][][]Diagram{
		"one":     {{full}},
		"two":     {{full, {Title: "kurtosis", Y: "kurtosis", Rules: []float64{3}, Curves: full.Curves}}},
		"rows":    {{full, full}, {full, full}},
		"nothing": {{{Title: "nothing", Log2: true, Curves: []Curve{{Name: "none", Values: []float64{nan, -1}}}}}},
		"empty":   {{{}}},
		"flat":    {{{Curves: []Curve{{Name: "flat", Values: []float64{2, 2}}}}}},
	} {
		var a, b bytes.Buffer
		if err := Levels(&a, diagrams); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := Levels(&b, diagrams); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: two drawings differ: %v", name, err)
		}
		show(t, "levels-"+name+".png", a.Bytes())
		img, err := png.Decode(&a)
		if err != nil || img.Bounds().Dx() < 700*len(diagrams[0]) || img.Bounds().Dy() < 600*len(diagrams) {
			t.Errorf("%s: %v, %v", name, img.Bounds(), err)
		}
	}
	if got := full.points(full.Curves[2]); len(got) != 1 || got[0].Y != math.Log2(0.2) {
		t.Errorf("points %v", got)
	}
	ticks := wholeTicks{}.Ticks(-0.2, 2.2)
	var labels []string
	for _, tick := range ticks {
		labels = append(labels, tick.Label)
	}
	if want := []string{"0", "1", "2"}; !slices.Equal(labels, want) {
		t.Errorf("ticks %v, want %v", labels, want)
	}
}
