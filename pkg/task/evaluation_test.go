package task_test

import (
	"strings"
	"testing"

	"multiscale/pkg/task"
)

// TestParseCase: users' cases are read, and errors have one line.
func TestParseCase(t *testing.T) {
	for _, c := range []struct {
		of         task.Task
		text, want string
	}{
		{task.Denoising(), "noise=0.2", "noise=0.2"},
		{task.Denoising(), "noise=1", "noise=1"},
		{task.Denoising(), "noise=0", "noise=0"},
		{task.Deblurring(), "blur=3", "blur=3,noise=0.05"},
		{task.Deblurring(), "blur=1.5,noise=0", "blur=1.5,noise=0"},
		{task.Inpainting(), "boxes", "boxes,noise=0.05"},
		{task.Inpainting(), "boxes,noise=0.1", "boxes,noise=0.1"},
		{task.Superresolution(), "half", "half"},
	} {
		got, err := c.of.ParseCase(c.text)
		if err != nil || got.Name != c.want {
			t.Errorf("%s: %q, %v", c.text, got.Name, err)
			continue
		}
		if again, err := c.of.ParseCase(got.Name); err != nil || again.Name != got.Name {
			t.Errorf("%s: read again it is %q, %v", c.text, again.Name, err)
		}
	}
	for _, of := range task.All() {
		for _, text := range []string{"", "noise", "noise=", "noise=-1", "noise=nan", "blur", "blur=0", "blur=inf", "boxes=2", "half=1", "fog"} {
			if _, err := of.ParseCase(text); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, %q: error %v", of.Name, text, err)
			}
		}
	}
}

// TestCases: an evaluation has the default values, or those that a user gives.
func TestCases(t *testing.T) {
	names := func(cases []task.Case) string {
		var list []string
		for _, c := range cases {
			list = append(list, c.Name)
		}
		return strings.Join(list, " ")
	}
	for _, c := range []struct {
		of    task.Task
		given map[string][]float64
		want  string
	}{
		{task.Denoising(), nil, "noise=0.1 noise=0.3"},
		{task.Denoising(), map[string][]float64{"noise": {0.5}}, "noise=0.5"},
		{task.Deblurring(), map[string][]float64{"noise": {0, 0.1}}, "blur=3,noise=0 blur=3,noise=0.1"},
		{task.Inpainting(), nil, "boxes,noise=0.05"},
		{task.Superresolution(), nil, "half"},
		{task.Task{Name: "own", Degrade: task.Denoising().Degrade}, nil, task.Trained},
	} {
		if got := names(c.of.Cases(c.given)); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.of.Name, c.given, got, c.want)
		}
	}
}
