package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"multiscale/pkg/allocation"
	"multiscale/pkg/checkpoint"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/mesh"
)

// state is the progress of a unit, without parameters and optimizer. All
// randomness is a function of seed and iteration, so there is no state of
// random streams or of the order of the data.
type state struct {
	Format            int   // stateFormat
	Iteration         int   // finished optimizer steps
	Images            int64 // evaluations of the network in training
	SecondsTraining   float64
	SecondsValidation float64
	History           history
	Moments           []runfolder.Moment
	// Best is the best validation so far, by the task's deciding measure; nil before the first.
	Best *best
	// Decisions are the results of the pilots so far, in order.
	Decisions []allocation.Decision
	// Probes are the errors on the finest mesh that -stages auto has measured so far.
	Probes []exact `json:",omitempty"`
	// Coefficients are the rows of coefficients.csv so far.
	Coefficients []runfolder.Coefficient `json:",omitempty"`
}

// stateFormat is the version of state. Checkpoints with another version are rejected.
const stateFormat = 2

// best is a validation. The parameters after its iteration are in another section of the checkpoint.
type best struct {
	Iteration int
	Value     float64
}

// history has the rows of history.csv. JSON cannot represent NaN, so a loss or norm
// that is NaN is left out.
type history []runfolder.History

type storedRow struct {
	Stage, Iteration, Side  int
	WorkUnits, LearningRate float64
	TrainLoss, GradientNorm *float64         `json:",omitempty"`
	Validation              map[string]exact `json:",omitempty"`
}

// exact is a number that may be NaN or infinite, which become strings in JSON.
type exact float64

// MarshalJSON implements json.Marshaler.
func (x exact) MarshalJSON() ([]byte, error) {
	if v := float64(x); math.IsNaN(v) || math.IsInf(v, 0) {
		return json.Marshal(strconv.FormatFloat(v, 'g', -1, 64))
	}
	return json.Marshal(float64(x))
}

// UnmarshalJSON implements json.Unmarshaler.
func (x *exact) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	*x = exact(v)
	return err
}

// MarshalJSON implements json.Marshaler.
func (h history) MarshalJSON() ([]byte, error) {
	rows := make([]storedRow, len(h))
	for i, r := range h {
		rows[i] = storedRow{r.Stage, r.Iteration, r.Side, r.WorkUnits, r.LearningRate, known(r.TrainLoss), known(r.GradientNorm), converted[exact](r.Validation)}
	}
	return json.Marshal(rows)
}

// UnmarshalJSON implements json.Unmarshaler.
func (h *history) UnmarshalJSON(data []byte) error {
	var rows []storedRow
	if err := json.Unmarshal(data, &rows); err != nil {
		return err
	}
	*h = make(history, len(rows))
	for i, r := range rows {
		(*h)[i] = runfolder.History{Stage: r.Stage, Iteration: r.Iteration, Side: r.Side, WorkUnits: r.WorkUnits, LearningRate: r.LearningRate,
			TrainLoss: number(r.TrainLoss), GradientNorm: number(r.GradientNorm), Validation: converted[float64](r.Validation)}
	}
	return nil
}

// converted returns a map of the same numbers in another type; nil if there are none.
func converted[To, From exact | float64](values map[string]From) (all map[string]To) {
	for name, v := range values {
		if all == nil {
			all = map[string]To{}
		}
		all[name] = To(v)
	}
	return all
}

func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

func number(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// openStore returns the store of a unit's checkpoints.
func (e *Experiment) openStore(u runfolder.Unit) checkpoint.Store {
	return checkpoint.Store{Dir: e.folder.CheckpointDir(u), FS: e.files}
}

// The sections of a checkpoint in addition to those of the trainer.
const (
	stateSection = "state"
	bestSection  = "best"
)

// unsaved is the error of a checkpoint that could not be written.
type unsaved struct{ error }

func (e unsaved) Unwrap() error { return e.error }

// save writes a checkpoint. Its errors are unsaved.
func (u *unit) save() error {
	if u.follows() || len(u.state.History) == 0 {
		return nil
	}
	if err := u.writeCheckpoint(); err != nil {
		return unsaved{fmt.Errorf("checkpoint: %w", err)}
	}
	u.saved = time.Now()
	u.progress.Event("checkpoint", u.fields()...)
	return nil
}

func (u *unit) writeCheckpoint() error {
	s, err := u.snapshot()
	if err == nil {
		_, err = u.store.Save(s)
	}
	return err
}

// snapshot returns the content of a checkpoint.
func (u *unit) snapshot() (checkpoint.Snapshot, error) {
	u.state.Format = stateFormat
	data, err := json.Marshal(u.state)
	if err != nil {
		return checkpoint.Snapshot{}, err
	}
	s := checkpoint.Snapshot{Bytes: map[string][]byte{stateSection: data}}
	if err := u.trainer.Save(&s); err != nil {
		return s, err
	}
	if u.state.Best != nil {
		s.Vectors[bestSection] = u.best
	}
	return s, nil
}

// restore continues from the newest valid checkpoint; started is false if there is none.
func (u *unit) restore() (started bool, err error) {
	err = u.load(&u.store)
	if errors.Is(err, checkpoint.ErrNone) {
		u.progress.Print("%s: %v; starting afresh", u.name, err)
		return false, nil
	}
	return true, err
}

// load adopts the newest valid checkpoint of a store.
func (u *unit) load(from *checkpoint.Store) error {
	loaded, err := from.Load()
	if err != nil {
		return err
	}
	for _, damaged := range loaded.Damaged {
		u.progress.Print("%s: passed over a damaged checkpoint: %v", u.name, damaged)
	}
	if err := u.adopt(loaded.Snapshot); err != nil {
		return fmt.Errorf("%s: %w; use -force to begin again", loaded.Path, err)
	}
	u.progress.Print("%s: continuing after iteration %d of %d", u.name, u.state.Iteration, u.plan.Iterations())
	return nil
}

// adopt sets the unit to the state of a checkpoint. A checkpoint that contradicts itself or the plan is an error.
func (u *unit) adopt(s checkpoint.Snapshot) error {
	var restored state
	if err := json.Unmarshal(s.Bytes[stateSection], &restored); err != nil {
		return fmt.Errorf("its state cannot be read: %w", err)
	}
	if restored.Format != stateFormat {
		return errors.New("it was written by another version of this program, which can finish the run")
	}
	u.state.Probes = restored.Probes
	if err := u.decide(restored.Decisions); err != nil {
		return fmt.Errorf("it has %w", err)
	}
	if restored.Iteration < 0 || restored.Iteration > u.plan.Iterations() || (restored.Iteration > 0 || len(restored.History) > 0) && len(restored.History) != restored.Iteration+1 {
		return fmt.Errorf("it stands at iteration %d with %d rows of history, the plan has %d iterations", restored.Iteration, len(restored.History), u.plan.Iterations())
	}
	for i := 1; i <= restored.Iteration; i++ {
		_, stage, _ := u.plan.At(i - 1)
		if side := mesh.Side(u.config.Side, stage.Finest); restored.History[i].Side != side {
			return fmt.Errorf("its iteration %d was on a mesh of side %d, that of the plan is on one of %d", i, restored.History[i].Side, side)
		}
	}
	if err := u.trainer.Restore(s); err != nil {
		return err
	}
	if u.trainer.Iteration != restored.Iteration {
		return fmt.Errorf("its history ends with iteration %d, its training with %d", restored.Iteration, u.trainer.Iteration)
	}
	if restored.Best != nil {
		if u.best = s.Vectors[bestSection]; len(u.best) != len(u.model.Params.Values()) {
			return fmt.Errorf("it holds %d parameters of the best network, the network has %d", len(u.best), len(u.model.Params.Values()))
		}
	}
	for i := range restored.History {
		restored.History[i].Unit = u.name
	}
	for i := range restored.Coefficients {
		restored.Coefficients[i].Unit = u.name
	}
	u.state = restored
	return nil
}
