package plan

import (
	"context"
	"fmt"
	"io"
	"slices"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

// Run trains the missing units of states, in the run folders that the tasks' own
// commands would use. It trains all experiments with the first seed, then all with
// the next, so that tables are complete as early as possible. Units that earlier
// calls began continue.
//
// If an experiment fails, Run calls failed and continues with the others. It returns an
// error only if ctx is cancelled; the same call then continues where this one stopped.
func Run(ctx context.Context, known catalog.Catalog, states []State, log io.Writer, failed func(dir string, err error)) error {
	type call struct {
		*State
		seed       uint64
		strategies []mge.Strategy
	}
	var calls []call
	for _, seed := range seeds(states) {
		for i := range states {
			s := &states[i]
			c := call{State: s, seed: seed}
			for _, u := range s.Missing {
				if u.Seed == seed {
					c.strategies = append(c.strategies, s.strategy(u.Strategy))
				}
			}
			if len(c.strategies) > 0 && s.Err == nil {
				calls = append(calls, c)
			}
		}
	}
	for i, c := range calls {
		if c.Err != nil { // it failed with an earlier seed
			continue
		}
		fmt.Fprintf(log, "%d of %d: %s, seed %d\n", i+1, len(calls), c.Dir, c.seed)
		config := c.Config
		config.Out, config.Seeds, config.Strategies = c.Dir, []uint64{c.seed}, c.strategies
		err := experiment.Run(ctx, known, config.Task, config, log, log)
		if ctx.Err() != nil {
			return fmt.Errorf("stopped in %s; the same command continues there: %w", c.Dir, ctx.Err())
		}
		if err != nil {
			c.Err = err
			fmt.Fprintf(log, "%s: %v\n", c.Dir, err)
			failed(c.Dir, err)
		}
	}
	return nil
}

// strategy returns the entry's strategy with the name.
func (e Entry) strategy(name string) mge.Strategy {
	return e.Strategies[slices.IndexFunc(e.Strategies, func(s mge.Strategy) bool { return s.Name == name })]
}

// seeds returns the seeds of all units, in the order of the plan.
func seeds(states []State) (all []uint64) {
	for _, s := range states {
		all = append(all, lists.Of(s.Units(), func(u runfolder.Unit) uint64 { return u.Seed })...)
	}
	return lists.Distinct(all)
}

// Cost is the cost of missing units.
type Cost struct {
	WorkUnits float64
	Seconds   float64 // an estimate for this machine
}

// Estimate returns the cost of the missing units of each state. Units that were begun
// count in full. Estimate times parts of the experiments, and calls timed after each.
func Estimate(ctx context.Context, known catalog.Catalog, states []State, timed func(done, all int)) ([]Cost, error) {
	costs := make([]Cost, len(states))
	estimator := experiment.NewEstimator(known)
	for i, s := range states {
		if len(s.Missing) == 0 || s.Err != nil {
			continue
		}
		of, err := estimator.Costs(ctx, s.Task, s.Config)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Folder, err)
		}
		for _, u := range s.Missing {
			costs[i].WorkUnits += of[u.Strategy].WorkUnits
			costs[i].Seconds += of[u.Strategy].Seconds
		}
		timed(i+1, len(states))
	}
	return costs, nil
}
