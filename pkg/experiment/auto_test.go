package experiment

import (
	"testing"

	"multiscale/pkg/experiment/runfolder"
)

// TestStagesOfCheckpoint: a checkpoint whose iterations were on other meshes than those of the plan is refused.
func TestStagesOfCheckpoint(t *testing.T) {
	e := smallest(t, t.TempDir(), "-side", "32", "-levels", "2", "-strategy", "progressive", "-stages", "auto", "-budget", "200")
	defer e.progress.Close()
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
	for _, side := range []int{8, 16} {
		u.state.History = append(u.state.History[:1], runfolder.History{Unit: u.name, Stage: 1, Iteration: 1, Side: side})
		s, err := u.snapshot()
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if side == 16 {
			want = "its iteration 1 was on a mesh of side 16, that of the plan is on one of 8"
		}
		if err := u.adopt(s); err == nil && want != "" || err != nil && (want == "" || err.Error() != want) {
			t.Errorf("side %d: %v, want %q", side, err, want)
		}
	}
}
