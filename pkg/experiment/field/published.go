package field

import (
	_ "embed"
	"encoding/csv"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"multiscale/pkg/metric"
)

// publishedText is published.csv, the table of all published figures with their sources.
//
//go:embed published.csv
var publishedText string

// figure is a row of published figures: means of a method over a set.
type figure struct {
	benchmark, set  string
	pictures        int // of the whole set
	method, setting string
	psnr, ssim      float64 // NaN if not published
	source          string
}

// unchecked is the source of figures that were not compared with a publication.
const unchecked = "not checked against a source"

// published returns the figures of a benchmark.
func published(benchmark string) (list []figure, err error) {
	records, err := csv.NewReader(strings.NewReader(publishedText)).ReadAll()
	if err != nil {
		return nil, err
	}
	number := func(s string) float64 {
		if s == "" {
			return math.NaN()
		}
		v, bad := strconv.ParseFloat(s, 64)
		if bad != nil {
			err = bad
		}
		return v
	}
	for _, r := range records[1:] {
		if r[0] == benchmark {
			list = append(list, figure{r[0], r[1], int(number(r[2])), r[3], r[4], number(r[5]), number(r[6]), r[7]})
		}
	}
	return list, err
}

// of returns the figure's value of a measure.
func (f figure) of(m metric.Measure) float64 {
	switch m.Name {
	case metric.PSNR.Name, metric.PSNRLuma.Name:
		return f.psnr
	case metric.SSIM.Name, metric.SSIMLuma.Name:
		return f.ssim
	}
	return math.NaN()
}

// publishedSet returns the published set after which a list or folder is named. It looks for the set's name in
// the parts of each path, the last part first; "" if none has one.
func publishedSet(figures []figure, paths ...string) string {
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace
	for _, path := range paths {
		if full, err := filepath.Abs(path); err == nil && path != "" {
			path = full
		}
		parts := strings.Split(filepath.ToSlash(path), "/")
		for i := len(parts) - 1; i >= 0; i-- {
			for _, f := range figures {
				if strings.Contains(strings.ToLower(plain(parts[i])), strings.ToLower(f.set)) {
					return f.set
				}
			}
		}
	}
	return ""
}
