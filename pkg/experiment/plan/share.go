package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lease"
	"multiscale/pkg/lists"
)

// Sharing lets several processes train one plan at the same time. Each unit has its own folder, so that the
// processes need nothing in common except a file system. The final run folders are the same as with one process.
type Sharing struct {
	Known catalog.Catalog
	// Lease is how long a lease outlives its holder.
	Lease time.Duration
	Log   io.Writer
	// Failed is called for each unit that fails. The other units are still trained.
	Failed func(dir string, err error)
}

// job is a unit of a plan.
type job struct {
	*State
	unit runfolder.Unit
	size float64 // floating-point operations
}

// Shard is a part of a plan, 0 to Of-1.
type Shard struct{ Index, Of int }

// RunShard trains the missing units of a part of a plan. The parts have about the same size. They depend only on the
// plan and not on what is finished, so that processes need not agree on them. RunShard returns an error if ctx is
// cancelled, and if the sizes of units cannot be computed; the same call then continues.
func (s Sharing) RunShard(ctx context.Context, states []State, part Shard) error {
	all, err := s.jobs(ctx, states, func(*State, runfolder.Unit) bool { return true })
	if err != nil {
		return err
	}
	own := split(all, part.Of)[part.Index]
	for i, j := range own {
		if j.Err != nil || !slices.Contains(j.Missing, j.unit) {
			continue
		}
		fmt.Fprintf(s.Log, "%d of %d: %s, %s\n", i+1, len(own), j.Dir, j.unit)
		if err := s.run(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// RunClaims trains the missing units of a plan: each time the largest one that no other process has claimed. While others
// train the remaining units, it waits, and takes over units whose leases expire. It ends when no unit is missing, except
// those that failed. look returns the state of the plan. RunClaims returns an error if ctx is cancelled, and if leases or
// the sizes of units fail.
func (s Sharing) RunClaims(ctx context.Context, look func() []State) error {
	jobs, err := s.jobs(ctx, look(), func(s *State, u runfolder.Unit) bool { return slices.Contains(s.Missing, u) })
	if err != nil {
		return err
	}
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(b.size, a.size) })
	keepers := map[string]*lease.Keeper{}
	for _, j := range jobs {
		keepers[j.Dir] = lease.NewKeeper(filepath.Join(j.Dir, runfolder.UnitsDir), s.Lease)
	}
	told := false
	for {
		jobs = open(jobs, look())
		if len(jobs) == 0 {
			return nil
		}
		next, held, err := claim(jobs, keepers)
		if err != nil {
			return err
		}
		if held == nil {
			if !told {
				fmt.Fprintf(s.Log, "networks left: %d, which others train; waiting\n", len(jobs))
				told = true
			}
			if err := keepers[jobs[0].Dir].Pause(ctx); err != nil {
				return err
			}
			continue
		}
		lost, err := s.runHeld(ctx, jobs[next], held)
		if err != nil {
			return err
		}
		if !lost {
			jobs = slices.Delete(jobs, next, next+1)
		}
	}
}

// claim acquires the lease of the first job that is free and returns the job's index; the lease is nil if others hold all.
func claim(jobs []job, keepers map[string]*lease.Keeper) (int, *lease.Lease, error) {
	for i, j := range jobs {
		l, err := keepers[j.Dir].Try(j.unit.String())
		var held *lease.HeldError
		if !errors.As(err, &held) {
			return i, l, err
		}
	}
	return 0, nil, nil
}

// runHeld runs a job under its lease, and releases that. If the lease is lost, the job is left to its new holder.
func (s Sharing) runHeld(ctx context.Context, j job, held *lease.Lease) (lost bool, err error) {
	fmt.Fprintf(s.Log, "claimed: %s, %s\n", j.Dir, j.unit)
	under, cancel := held.Context(ctx)
	defer cancel()
	err = s.run(under, j)
	lost = held.Lost()
	if e := held.Release(); e != nil {
		fmt.Fprintf(s.Log, "%s: the lease of %s is not given back: %v\n", j.Dir, j.unit, e) // it will expire
	}
	if lost && ctx.Err() == nil {
		fmt.Fprintf(s.Log, "%s: %s: %v\n", j.Dir, j.unit, lease.ErrLost)
		return true, nil
	}
	return false, err
}

// open returns the jobs that are still to be done. It removes those that are finished, those whose run folder
// cannot be used, and those that failed since the jobs were listed.
func open(jobs []job, states []State) []job {
	return slices.DeleteFunc(jobs, func(j job) bool {
		now := states[slices.IndexFunc(states, func(s State) bool { return s.Folder == j.Folder })]
		failed := func(c runfolder.Contents) bool {
			return slices.ContainsFunc(c.Failures, func(f runfolder.Failure) bool { return f.Unit == j.unit })
		}
		return now.Err != nil || !slices.Contains(now.Missing, j.unit) || failed(now.Contents) && !failed(j.Contents)
	})
}

// run trains a unit. It only returns an error if ctx is cancelled; other errors go to s.Failed.
func (s Sharing) run(ctx context.Context, j job) error {
	config := j.Config
	config.Out = j.Dir
	err := experiment.RunUnit(ctx, s.Known, config, j.unit, s.Lease, s.Log)
	if ctx.Err() != nil {
		return fmt.Errorf("stopped in %s; the same command continues there: %w", j.Dir, ctx.Err())
	}
	if err != nil {
		fmt.Fprintf(s.Log, "%s: %v\n", j.Dir, err)
		s.Failed(j.Dir, err)
	}
	return nil
}

// jobs returns the wanted units of states with their sizes, ordered by seed.
func (s Sharing) jobs(ctx context.Context, states []State, wanted func(*State, runfolder.Unit) bool) (jobs []job, err error) {
	sizes := map[*State]map[string]float64{}
	for _, seed := range seeds(states) {
		for i := range states {
			state := &states[i]
			for _, u := range state.Units() {
				if u.Seed != seed || !wanted(state, u) {
					continue
				}
				if sizes[state] == nil {
					if sizes[state], err = experiment.Sizes(ctx, s.Known, state.Config); err != nil {
						return nil, fmt.Errorf("%s: %w", state.Folder, err)
					}
				}
				jobs = append(jobs, job{state, u, sizes[state][u.Strategy]})
			}
		}
	}
	return jobs, nil
}

// split distributes jobs over n parts: the largest first, each to the part with the smallest load. Within a part, jobs keep
// their order.
func split(jobs []job, n int) [][]job {
	order := lists.Indices(len(jobs))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(jobs[b].size, jobs[a].size) })
	load, of := make([]float64, n), make([]int, len(jobs))
	for _, i := range order {
		least := slices.Index(load, slices.Min(load))
		of[i] = least
		load[least] += jobs[i].size
	}
	parts := make([][]job, n)
	for i, j := range jobs {
		parts[of[i]] = append(parts[of[i]], j)
	}
	return parts
}
