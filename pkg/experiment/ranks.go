package experiment

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"time"

	"multiscale/pkg/checkpoint"
	"multiscale/pkg/command"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/mpi"
	"multiscale/pkg/ranks"
	"multiscale/pkg/setting"
	"multiscale/pkg/share"
)

// Several processes, the ranks, can train together. All make the same steps, each with its own shares of
// every step and of the validation set. Only rank 0 has the run folder and prints. It opens each
// unit, sends its state to the others, and trains with them; see summon and follow.

// start joins the processes that a launcher has started together with this one. It returns nil if this
// process was started alone.
func start() (ranks.Transport, error) {
	n, variable := mpi.Launched()
	switch {
	case n == 1:
		return nil, nil
	case !mpi.Built:
		return nil, &command.UsageError{
			Reason: fmt.Sprintf("this is one of %d processes that were started together (%s), and the program is built without MPI: each would train alone", n, variable),
			Advice: "build it with go build -tags mpi, or start it without mpirun",
		}
	}
	t, err := mpi.Start()
	if err == nil && t.Size() != n {
		err = &command.UsageError{
			Reason: fmt.Sprintf("%d processes were started together (%s), and the MPI library of the program knows of %d: each would train alone", n, variable, t.Size()),
			Advice: "start it with the mpirun of that library or with srun --mpi=pmix, or build it for the other one (tags mpi, or mpi,mpich)",
		}
	}
	return t, err
}

// together joins the ranks, calls do, and leaves them. Only rank 0 returns the error. parsed is the error
// of parsing this rank's flags, or nil.
func together(t ranks.Transport, c setting.Config, parsed error, do func(*ranks.Ranks) error) error {
	n := t.Size()
	if parsed == nil && n > c.Shares {
		parsed = wrongNumber(c, n)
	}
	if n&(n-1) != 0 { // ranks.Join needs a power of two, so no rank can send a message
		return onFirst(t, cmp.Or(t.Close(), parsed, error(wrongNumber(c, n))))
	}
	joined, err := ranks.Join(t, cmp.Or(c.Patience, time.Minute))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		t.Abort(command.StatusFailed)
	}
	if err = begin(joined, c, parsed); err == nil {
		err = do(joined)
	}
	if lost := joined.Lost(); lost != nil && joined.Rank() <= 1 { // only these report it; see ranks.Ranks.Leave
		fmt.Fprintln(os.Stderr, lost)
	}
	if left := joined.Leave(command.StatusFailed); err == nil {
		err = left
	}
	return onFirst(t, err)
}

func wrongNumber(c setting.Config, n int) error {
	return command.Wrong("shares", c.Shares, fmt.Sprintf("%d processes compute them", n), "start a power of two of processes, and give -shares of their number or more")
}

// onFirst returns err on rank 0 and nil on all others: rank 0 reports the errors of all ranks.
func onFirst(t ranks.Transport, err error) error {
	if t.Rank() > 0 {
		return nil
	}
	return err
}

// begin returns an error if the flags of a rank are wrong, or if some ranks train and others do not: those
// that train would wait. parsed is the error of parsing this rank's flags, or nil.
func begin(joined *ranks.Ranks, c setting.Config, parsed error) error {
	own := "" // why this rank does not train
	switch {
	case parsed != nil:
		own = parsed.Error()
	case c.Describe:
		own = "-describe is given"
	case c.DryRun:
		own = "-dry-run is given"
	}
	all, err := joined.Gather([]byte(own))
	if err != nil {
		return err
	}
	if all, err = joined.List(all); err != nil || parsed != nil {
		return cmp.Or(err, parsed)
	}
	for i, there := range all {
		if text := string(there); text != "" && text != own {
			return fmt.Errorf("%s does not train: %s; start one program with one set of flags", joined.Name(i), text)
		}
	}
	return nil
}

// follows reports whether this is a rank other than 0.
func (e *Experiment) follows() bool { return e.ranks != nil && e.ranks.Rank() > 0 }

// meet compares the settings and programs of all ranks. If they differ, or a rank failed to begin, it returns
// an error on all ranks; err is the error with which this rank failed to begin, or nil.
func (e *Experiment) meet(err error) error {
	if e.ranks == nil {
		return err
	}
	own := setting.Values{}
	if err == nil {
		own = setting.Complete(e.record().Configuration)
		for name, v := range e.config.Choosing() {
			own[name] = setting.Text(v)
		}
		own["program"], err = ownDigest()
	}
	const failure = "" // the key of the error; no setting has this name
	if err != nil {
		own[failure] = err.Error()
	}
	data, bad := json.Marshal(own)
	if bad != nil {
		return bad
	}
	all, bad := e.ranks.Gather(data)
	if bad != nil {
		return bad
	}
	var verdict string
	for i, data := range all {
		var there setting.Values
		if err := json.Unmarshal(data, &there); err != nil {
			return err
		}
		if text, failed := there[failure]; failed && verdict == "" {
			verdict = fmt.Sprintf("%s: %s", e.ranks.Name(i), text)
		}
	}
	for i := 1; i < len(all) && verdict == ""; i++ {
		var there setting.Values
		if err := json.Unmarshal(all[i], &there); err != nil {
			return err
		}
		verdict = e.unlike(i, there, own)
	}
	told, bad := e.ranks.Broadcast([]byte(verdict))
	switch {
	case bad != nil:
		return bad
	case err != nil:
		return err
	case len(told) > 0:
		return errors.New(string(told))
	}
	for _, fight := range e.ranks.Fights(e.config.Threads) {
		e.progress.Print("warning: %s; results are the same, but slower", fight)
	}
	return nil
}

// unlike describes how a rank differs from rank 0; "" if it does not.
func (e *Experiment) unlike(rank int, there, own setting.Values) string {
	list := lists.Of(setting.Differences(anyOf(there), anyOf(own)), func(d setting.Difference) string {
		return fmt.Sprintf("%s is %s there and %s on rank 0", d.Name, d.There, d.Now)
	})
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("%s would give other results: %s; start one program with one set of flags and equal data on all hosts, and where kernel_path differs with MULTISCALE_KERNEL=avx2",
		e.ranks.Name(rank), strings.Join(list, ", "))
}

func anyOf(values setting.Values) map[string]any {
	all := map[string]any{}
	for name, v := range values {
		all[name] = v
	}
	return all
}

// ownDigest returns the digest of the running program.
func ownDigest() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return durable.Digest(durable.OS, path)
}

// adding returns the ranks for sums over all of them; nil if this process trains alone. It avoids an interface
// that is not nil but holds a nil pointer.
func (e *Experiment) adding() share.Ranks {
	if e.ranks == nil {
		return nil
	}
	return e.ranks
}

// sum returns the sum over shares and ranks for a unit's steps. If there are ranks, it also lets them compare
// digests of the parameters.
func (u *unit) sum() share.Sum {
	s := share.Sum{Shares: u.config.Shares, Ranks: u.adding()}
	if u.ranks == nil {
		return s
	}
	table := crc32.MakeTable(crc32.Castagnoli)
	u.ranks.Digest = func() uint64 {
		return uint64(crc32.Checksum(ranks.BytesOf(u.model.Params.Values()), table))
	}
	return s
}

// summon lets the other ranks train this unit from its current state.
func (u *unit) summon() error {
	if u.ranks == nil {
		return nil
	}
	u.sentBefore = u.ranks.Sent()
	s, err := u.snapshot()
	if err != nil {
		return err
	}
	var state bytes.Buffer
	if err := s.Encode(&state); err != nil {
		return err
	}
	name, err := json.Marshal(u.name)
	if err != nil {
		return err
	}
	if _, err := u.ranks.Broadcast(name); err != nil {
		return err
	}
	_, err = u.ranks.Broadcast(state.Bytes())
	return err
}

// dismiss lets the other ranks end.
func (e *Experiment) dismiss() {
	if e.ranks != nil && e.ranks.Lost() == nil {
		// An error means that a rank is lost; together reports that.
		_, _ = e.ranks.Broadcast(nil)
	}
}

// follow trains the units for which rank 0 summons the others, until it dismisses them. Rank 0 reports the
// errors of units.
func (e *Experiment) follow(ctx context.Context) error {
	for {
		data, err := e.ranks.Broadcast(nil)
		if err != nil || len(data) == 0 {
			return err
		}
		state, err := e.ranks.Broadcast(nil)
		if err != nil {
			return err
		}
		if u, err := e.summoned(data, state); err != nil {
			_ = e.ranks.End(ctx, err)
		} else {
			_ = u.train(ctx)
		}
		forget()
	}
}

// summoned returns a unit in the state of rank 0.
func (e *Experiment) summoned(data, state []byte) (*unit, error) {
	var name runfolder.Unit
	if err := json.Unmarshal(data, &name); err != nil {
		return nil, err
	}
	s, err := checkpoint.Decode(state)
	if err != nil {
		return nil, err
	}
	if e.validation == nil {
		if err := e.openValidation(); err != nil {
			return nil, err
		}
	}
	u, err := e.newUnit(name)
	if err != nil {
		return nil, err
	}
	return u, u.adopt(s)
}

// endTogether ends a unit's steps on all ranks. If any rank has an error, all get one.
func (u *unit) endTogether(ctx context.Context, err error) error {
	if u.ranks == nil {
		return err
	}
	return u.ranks.End(ctx, err)
}

// tellSent prints how many bytes a rank has sent in a step.
func (u *unit) tellSent(steps int) {
	if u.ranks == nil || steps == 0 {
		return
	}
	perStep := float64(u.ranks.Sent()-u.sentBefore) / float64(steps)
	u.progress.Print("%s: %d ranks, each sent %.0f bytes a step", u.name, u.ranks.Size(), perStep)
	u.progress.Event("ranks", u.fields(progress.Field{Name: "ranks", Value: u.ranks.Size()}, progress.Field{Name: "sent_per_step", Value: perStep})...)
}
