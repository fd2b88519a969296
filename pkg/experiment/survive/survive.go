// Package survive kills a training run at random moments, resumes it, and compares
// its results with those of an undisturbed run, byte by byte.
package survive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"multiscale/pkg/random"
)

// Trial is a run that is killed and has to survive.
type Trial struct {
	// Command is the training program with its flags, without -out, -resume and
	// -force.
	Command []string
	Dir     string // for the run folders; must exist
	Kills   int    // with SIGKILL, of a program that was running
	Seed    uint64 // of the moments
}

// Report says what a trial has seen.
type Report struct {
	Kills int
	Runs  int // that came to their end, between kills or after the last
	Files int // that were compared, in each of these
	// Undisturbed is how long the run took that was not killed.
	Undisturbed time.Duration
}

// Run does the trial. log receives a line for each event. The error names the first
// file that differs, or what the program said when it failed.
func (t Trial) Run(ctx context.Context, log func(line string)) (r Report, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of the look for a checkpoint
	want := filepath.Join(t.Dir, "undisturbed")
	began := time.Now()
	first := firstCheckpoint(ctx, want)
	if _, err := t.life(ctx, want, 0); err != nil {
		return r, fmt.Errorf("undisturbed: %w", err)
	}
	r.Undisturbed = time.Since(began)
	var start time.Duration
	select {
	case at := <-first:
		start = at.Sub(began)
	case <-time.After(time.Second):
		return r, errors.New("the run left no checkpoint to continue from")
	}
	log(fmt.Sprintf("undisturbed it takes %v, %v of these to the first checkpoint", r.Undisturbed.Round(time.Millisecond), start.Round(time.Millisecond)))

	// On the average a life is half as long: as long as it takes to get going, and
	// the share of a life in the whole work and a tenth, for what a kill undoes is
	// done again.
	longest := 2*start + time.Duration(2.2*float64(r.Undisturbed-start)/float64(max(t.Kills, 1)))
	moments := random.New(t.Seed).Child("kills", 0)
	for {
		dir := filepath.Join(t.Dir, fmt.Sprintf("killed-%d", r.Runs+1))
		before := r.Kills
		for killed := true; killed; {
			var after time.Duration // none: let it end
			if r.Kills < t.Kills {
				after = 1 + time.Duration(moments.Float64()*float64(longest))
			}
			if killed, err = t.life(ctx, dir, after); err != nil {
				return r, fmt.Errorf("after %d kills: %w", r.Kills, err)
			}
			if killed {
				r.Kills++
			}
		}
		r.Runs++
		if r.Files, err = compare(want, dir); err != nil {
			return r, fmt.Errorf("%w after %d kills", err, r.Kills-before)
		}
		log(fmt.Sprintf("%d kills of a run: %d files are the same", r.Kills-before, r.Files))
		if r.Kills >= t.Kills {
			return r, nil
		}
	}
}

// firstCheckpoint tells when the first checkpoint stands in a run folder.
func firstCheckpoint(ctx context.Context, dir string) <-chan time.Time {
	found := make(chan time.Time, 1)
	go func() {
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-look.C:
				if list, err := filepath.Glob(filepath.Join(dir, "checkpoint", "*", "*.checkpoint")); err == nil && len(list) > 0 {
					found <- now
					return
				}
			}
		}
	}()
	return found
}

// life runs the program into a folder until its end, or kills it after a time
// if that is not 0.
func (t Trial) life(ctx context.Context, dir string, after time.Duration) (killed bool, err error) {
	args := append(append([]string{}, t.Command[1:]...), "-resume", "-out", dir)
	cmd := exec.CommandContext(ctx, t.Command[0], args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return false, err
	}
	if after > 0 {
		// The program may have ended by then; Wait tells.
		defer time.AfterFunc(after, func() { _ = cmd.Process.Kill() }).Stop()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case after > 0 && errors.As(err, &exit) && !exit.Exited():
		return true, nil
	case err != nil:
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return false, fmt.Errorf("%w: %s", err, strings.Join(lines[max(0, len(lines)-3):], "\n"))
	}
	return false, nil
}

// compare compares the tables and the models of two run folders and returns how
// many files there are.
func compare(want, got string) (files int, err error) {
	models, err := filepath.Glob(filepath.Join(want, "*.onnx"))
	if err != nil {
		return 0, err
	}
	for _, path := range append(models, filepath.Join(want, "summary.csv"), filepath.Join(want, "history.csv")) {
		name := filepath.Base(path)
		a, err := os.ReadFile(path)
		if err != nil {
			return files, err
		}
		b, err := os.ReadFile(filepath.Join(got, name))
		if err != nil {
			return files, err
		}
		if !bytes.Equal(a, b) {
			return files, fmt.Errorf("%s differs from that of the undisturbed run", filepath.Join(got, name))
		}
		files++
	}
	return files, nil
}
