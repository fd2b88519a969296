package experiment

import (
	"io"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/mesh"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// automatic returns an experiment of progressive with -stages auto.
func automatic(t *testing.T, of task.Task, args string) *Experiment {
	t.Helper()
	c, err := setting.Arguments(catalog.Standard(), of, append(strings.Fields(args), "-strategy", "progressive", "-stages", "auto", "-out", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	e, err := newExperiment(catalog.Standard(), of, c, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.progress.Close)
	return e
}

// TestMeshesOfWindow: automatic stages leave out meshes that are smaller than the window of the task's own loss, but
// never the finest one.
func TestMeshesOfWindow(t *testing.T) {
	for _, c := range []struct {
		of   task.Task
		args string
		want []int
	}{
		{task.Superresolution(), "-network espcn -side 64 -levels 3", []int{16, 32, 64}},
		{task.Superresolution(), "-network espcn -side 48 -levels 2", []int{12, 24, 48}},
		{task.Superresolution(), "-network espcn -side 64 -levels 3 -loss charbonnier", []int{8, 16, 32, 64}},
		{task.Denoising(), "-network resnet -side 32 -levels 3", []int{4, 8, 16, 32}},
	} {
		e := automatic(t, c.of, c.args)
		p, err := e.strategyPlan("progressive")
		if err != nil {
			t.Fatal(err)
		}
		a, err := e.auto(p)
		if err != nil {
			t.Fatal(err)
		}
		var sides []int
		for _, s := range a.Stages {
			sides = append(sides, mesh.Side(e.config.Side, s.Finest))
		}
		if !slices.Equal(sides, c.want) {
			t.Errorf("%s %s: meshes of sides %v, want %v", c.of.Name, c.args, sides, c.want)
		}
	}
}

// TestStagesOfCheckpoint: a checkpoint whose iterations were on other meshes than those of the plan is refused.
func TestStagesOfCheckpoint(t *testing.T) {
	e := automatic(t, task.Superresolution(), "-network espcn -side 32 -levels 2 -budget 200")
	name := runfolder.Unit{Strategy: "progressive", Seed: 1}
	if err := e.begin(t.Context(), []runfolder.Unit{name}); err != nil {
		t.Fatal(err)
	}
	u, err := e.newUnit(name)
	if err != nil {
		t.Fatal(err)
	}
	u.state.Iteration, u.state.Probes, u.trainer.Iteration = 1, []exact{1}, 1
	if err := u.decide(nil); err != nil {
		t.Fatal(err)
	}
	u.begin()
	for _, side := range []int{16, 8} {
		u.state.History = append(u.state.History[:1], runfolder.History{Unit: u.name, Stage: 1, Iteration: 1, Side: side})
		s, err := u.snapshot()
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if side == 8 {
			want = "its iteration 1 was on a mesh of side 8, that of the plan is on one of 16"
		}
		if err := u.adopt(s); err == nil && want != "" || err != nil && (want == "" || err.Error() != want) {
			t.Errorf("side %d: %v, want %q", side, err, want)
		}
	}
}
