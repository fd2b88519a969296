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

// Several processes, the ranks, can train together. All do the same, each with its own shares of
// every step and of the validation set; rank 0 alone has the run folder and prints. It opens each
// unit, gives its state to the others, and trains with them; see summon and follow.

// start joins the processes that a launcher has started with this one; nil where there are none.
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

// together does what a command of several processes does, and returns its error on rank 0 alone.
// parsed is what is wrong with the flags of this one.
func together(t ranks.Transport, c setting.Config, parsed error, do func(*ranks.Ranks) error) error {
	n := t.Size()
	if parsed == nil && n > c.Shares {
		parsed = wrongNumber(c, n)
	}
	if n&(n-1) != 0 { // no messages without a power of two
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
	if lost := joined.Lost(); lost != nil && joined.Rank() <= 1 { // who finds out; see ranks.Ranks.Leave
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

// onFirst is the error of a command: rank 0 tells that of all.
func onFirst(t ranks.Transport, err error) error {
	if t.Rank() > 0 {
		return nil
	}
	return err
}

// begin returns an error where the flags of a rank are wrong, or let it do something else than this
// one: who trains would wait for it. parsed is what is wrong with those of this one.
func begin(joined *ranks.Ranks, c setting.Config, parsed error) error {
	own := "" // trains
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

// follows says that this is a rank other than 0.
func (e *Experiment) follows() bool { return e.ranks != nil && e.ranks.Rank() > 0 }

// meet compares what the ranks are about to do. err is what has kept this one from beginning.
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
	const failure = "" // no setting's name
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

// unlike says how a rank differs from rank 0; "" where it does not.
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

// ownDigest is the digest of the running program.
func ownDigest() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return durable.Digest(durable.OS, path)
}

// adding are the ranks that add what each of them has; nil where there are none.
func (e *Experiment) adding() share.Ranks {
	if e.ranks == nil {
		return nil
	}
	return e.ranks
}

// sum adds the shares of a unit's steps.
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

// summon lets the other ranks train this unit from the state in which it is.
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
		// An error means that a rank is lost, which is reported when all ranks leave.
		_, _ = e.ranks.Broadcast(nil)
	}
}

// follow trains the units that rank 0 summons for. What goes wrong with one is rank 0's to tell.
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

// endTogether ends a unit's steps on all ranks: with an error on all where there is one on any.
func (u *unit) endTogether(ctx context.Context, err error) error {
	if u.ranks == nil {
		return err
	}
	return u.ranks.End(ctx, err)
}

// tellSent says what a rank has sent a step.
func (u *unit) tellSent(steps int) {
	if u.ranks == nil || steps == 0 {
		return
	}
	perStep := float64(u.ranks.Sent()-u.sentBefore) / float64(steps)
	u.progress.Print("%s: %d ranks, each sent %.0f bytes a step", u.name, u.ranks.Size(), perStep)
	u.progress.Event("ranks", u.fields(progress.Field{Name: "ranks", Value: u.ranks.Size()}, progress.Field{Name: "sent_per_step", Value: perStep})...)
}
