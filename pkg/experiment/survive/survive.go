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

// Trial is a training run that is killed again and again.
type Trial struct {
	// Command is the training program with its flags, without -out, -resume and
	// -force.
	Command []string
	Dir     string // for the run folders; must exist
	Kills   int    // number of kills, with SIGKILL; only those of a running program count
	Seed    uint64 // of the random moments
}

// Report has the results of a trial.
type Report struct {
	Kills int
	Runs  int // number of killed runs that reached their end
	Files int // number of compared files in each of these
	// Undisturbed is the time of the run that was not killed.
	Undisturbed time.Duration
}

// Run runs the trial. It calls log with a line for each event. The error names the
// first file that differs, or has the last lines of a program that failed.
func (t Trial) Run(ctx context.Context, log func(line string)) (r Report, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends firstCheckpoint
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

	// Lives are uniform in [0, longest], half as long on average: the time to the first
	// checkpoint, and the share of one life in the work. A tenth is added to the work,
	// because each kill loses some of it.
	longest := 2*start + time.Duration(2.2*float64(r.Undisturbed-start)/float64(max(t.Kills, 1)))
	moments := random.New(t.Seed).Child("kills", 0)
	for {
		dir := filepath.Join(t.Dir, fmt.Sprintf("killed-%d", r.Runs+1))
		before := r.Kills
		for killed := true; killed; {
			var after time.Duration // 0: let it end
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

// firstCheckpoint sends the time when the first checkpoint appears in a run folder.
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

// life runs the program in a folder until its end, or kills it after the given
// time, unless that is 0.
func (t Trial) life(ctx context.Context, dir string, after time.Duration) (killed bool, err error) {
	args := append(append([]string{}, t.Command[1:]...), "-resume", "-out", dir)
	cmd := exec.CommandContext(ctx, t.Command[0], args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return false, err
	}
	if after > 0 {
		// The program may have ended before; the error of Wait says whether it has.
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

// compare compares the summary, the history and the models of two run folders, and
// returns the number of equal files.
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
