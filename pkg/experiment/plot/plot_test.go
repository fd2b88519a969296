package plot

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
)

// contents returns a fictitious run of strategies.
func contents(strategies ...string) (c runfolder.Contents) {
	work := map[string]float64{"single": 3360, "mge": 1020, "fullmultiscale": 585, "progressive": 590}
	for k, s := range strategies {
		u := runfolder.Unit{Strategy: s, Seed: 1}
		c.Summaries = append(c.Summaries, runfolder.Summary{Task: "denoising", Network: "unet", Data: "deadleaves", Side: 32, Unit: u})
		for i := 0; i <= 12; i++ {
			mse := 0.06 + 0.4*math.Exp(-float64(i)/(2.5+0.3*float64(k)))
			if i == 5 {
				mse = math.NaN() // not measured there
			}
			c.Histories = append(c.Histories, runfolder.History{Unit: u, Iteration: i, WorkUnits: work[s] * float64(i) / 12, Validation: metric.Values{"mse": mse}})
			c.Moments = append(c.Moments, runfolder.Moment{Unit: u, Iteration: i, Seconds: (10 + work[s]) * float64(i) / 600})
		}
	}
	return c
}

// show writes a picture to PLOT_DIR, if that is set: PLOT_DIR=. go test
func show(t *testing.T, name string, data []byte) {
	t.Helper()
	if dir := os.Getenv("PLOT_DIR"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConvergence(t *testing.T) {
	one := contents("mge")
	one.Histories = one.Histories[1:2] // a single point
	broken := contents("mge", "unheard-of")
	for i := range broken.Histories {
		broken.Histories[i].Validation = metric.Values{"mse": []float64{0, -1, math.Inf(1), math.NaN()}[i%4]}
	}
	cases := map[string]runfolder.Contents{
		"three":        contents("single", "mge", "fullmultiscale"),
		"four":         contents("single", "mge", "fullmultiscale", "progressive"),
		"one point":    one,
		"no points":    broken,
		"nothing":      {},
		"other":        contents("unheard-of"),
		"many decades": stretched(contents("single", "mge")),
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var a, b bytes.Buffer
			if err := Convergence(&a, c); err != nil {
				t.Fatal(err)
			}
			if err := Convergence(&b, c); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Error("two drawings differ")
			}
			show(t, "convergence-"+strings.ReplaceAll(name, " ", "-")+".png", a.Bytes())
			img, err := png.Decode(&a)
			if err != nil || img.Bounds().Dx() < 1000 {
				t.Errorf("%v, %v", img.Bounds(), err)
			}
		})
	}
}

func stretched(c runfolder.Contents) runfolder.Contents {
	for i := range c.Histories {
		c.Histories[i].WorkUnits = math.Pow(30, float64(c.Histories[i].Iteration))
		c.Histories[i].Validation["mse"] *= math.Pow(3, -float64(c.Histories[i].Iteration))
	}
	return c
}

// TestWays: every unit has its own curve, finished or not.
func TestWays(t *testing.T) {
	c := contents("single", "mge")
	c.Summaries = c.Summaries[:1]
	if got := Curves(c, WorkUnits, MSE); len(got) != 1 {
		t.Errorf("%d curves of finished units", len(got))
	}
	got := Ways(c, WorkUnits, MSE)
	if len(got) != 2 || got[1].Strategy != "mge" || len(got[1].Points) != 11 {
		t.Errorf("%+v", got)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      []string
	}{
		{0.055, 0.35, []string{"0.06", "0.08", "0.1", "0.2", "0.3"}},
		{0.05, 0.5, []string{"0.06", "0.08", "0.1", "0.2", "0.3", "0.4"}},
		{50, 4000, []string{"50", "100", "200", "500", "1000", "2000"}},
		{0.031, 0.036, []string{"0.031", "0.032", "0.033", "0.034", "0.035", "0.036"}},
		{1000, 600000, []string{"1000", "3000", "10k", "30k", "100k", "300k"}},
		{1, 2e12, nil}, // many decades: only the distances are checked
	} {
		var got []string
		for _, tick := range (logTicks{}).Ticks(c.low, c.high) {
			if tick.Label != "" {
				got = append(got, tick.Label)
			}
		}
		if c.want != nil && !slices.Equal(got, c.want) || len(got) > mostLabels+1 {
			t.Errorf("%v to %v: %v, want %v", c.low, c.high, got, c.want)
		}
	}
}

func TestSamples(t *testing.T) {
	ramp := func(side, shift int) *picture.Planar {
		p := picture.New(3, side, side)
		for i := range p.Pix {
			p.Pix[i] = uint8(255 * (i % side) / side)
			if shift > 0 {
				p.Pix[i] ^= uint8(i * i * shift >> 3 & 31)
			}
		}
		return p
	}
	rows := []Sample{
		{ramp(32, 3), []*picture.Planar{ramp(32, 2), ramp(32, 1), ramp(32, 1)}, ramp(32, 0)},
		{ramp(16, 3), []*picture.Planar{ramp(32, 2), ramp(32, 1), nil}, ramp(32, 0)},
	}
	sheet := Samples([]string{"single", "mge", "fullmultiscale"}, rows).Render()
	if sheet.W < 5*leastSide || sheet.H < 2*leastSide {
		t.Errorf("%dx%d", sheet.W, sheet.H)
	}
	var b bytes.Buffer
	if err := sheet.Encode(&b, "samples.png"); err != nil {
		t.Fatal(err)
	}
	show(t, "samples.png", b.Bytes())
}
