package setting

import (
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/task"
)

// TestSigma: the range of noise becomes that of the task, and is in records and in the names of folders. Invalid
// ranges are errors.
func TestSigma(t *testing.T) {
	of := task.AWGN()
	for _, c := range []struct {
		args   string
		levels task.Levels
		text   string
		end    string // of the folder's name
	}{
		{"", task.Levels{High: 57}, "0-57", "awgn-folded-deadleaves-quick"},
		{"-sigma 0-57", task.Levels{High: 57}, "0-57", "awgn-folded-deadleaves-quick"},
		{"-sigma 25", task.Levels{Low: 25, High: 25}, "25", "-sigma-25"},
		{"-sigma 0.5-255 -channels 1", task.Levels{Low: 0.5, High: 255}, "0.5-255", "-sigma-0.5-255"},
		{"-restriction average -degrade coarse", task.Levels{High: 57}, "0-57", "-restriction-average"},
		{"-restriction average -levels 0", task.Levels{High: 57}, "0-57", "-restriction-average"},
	} {
		got, _, err := parseQuietly(of, strings.Fields(c.args)...)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if *got.Task.NoiseLevels != c.levels || text(got.Flags()["sigma"]) != c.text || !strings.HasSuffix(got.Out, c.end) {
			t.Errorf("%s: %v, recorded as %v, in %s", c.args, *got.Task.NoiseLevels, got.Flags()["sigma"], got.Out)
		}
		if again, err := Parse(catalog.Standard(), fromRecord(got.Determining())); err != nil || *again.Task.NoiseLevels != c.levels {
			t.Errorf("%s, read again: %v, %v", c.args, again.Task.NoiseLevels, err)
		}
	}
	for _, c := range []struct{ args, words string }{
		{"-sigma 50-10", "-sigma 50-10: not a range of noise; give two numbers from 0 to 255"},
		{"-sigma 0-256", "not a range"},
		{"-sigma -5", "not a range"},
		{"-sigma nan", "not a range"},
		{"-sigma x-2", "not a range"},
		{"-restriction average", "-restriction average: means of pixels have less noise than t says; use nearest, or -degrade coarse"},
	} {
		if _, _, err := parseQuietly(of, strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want %q", c.args, err, c.words)
		}
	}
	if _, err := Parse(catalog.Standard(), Values{"task": "denoising", "sigma": "25"}); err == nil || !strings.Contains(err.Error(), "-sigma 25: task denoising") {
		t.Errorf("a sigma of denoising: %v", err)
	}
}
