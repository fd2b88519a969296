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

// Run trains what is missing in states, in the run folders of the tasks' own
// commands: all experiments with the first seed, then with the next, so that
// tables are whole as early as can be. Units that earlier calls began continue.
//
// An experiment that fails is handed to failed, and the others continue. The error
// is that of a cancelled context; the same call then continues where it stopped.
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
		if c.Err != nil { // of an earlier seed
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

// strategy returns the entry's strategy of a name.
func (e Entry) strategy(name string) mge.Strategy {
	return e.Strategies[slices.IndexFunc(e.Strategies, func(s mge.Strategy) bool { return s.Name == name })]
}

// seeds returns those of all units, in the plan's order.
func seeds(states []State) (all []uint64) {
	for _, s := range states {
		all = append(all, lists.Of(s.Units(), func(u runfolder.Unit) uint64 { return u.Seed })...)
	}
	return lists.Distinct(all)
}

// Cost is what is missing in states.
type Cost struct {
	WorkUnits float64
	Seconds   float64 // an estimate for this machine
}

// Estimate returns what each of states still takes. Units that were begun count
// in full. It times parts of each experiment and calls timed after each.
func Estimate(ctx context.Context, known catalog.Catalog, states []State, timed func(done, all int)) ([]Cost, error) {
	costs := make([]Cost, len(states))
	for i, s := range states {
		if len(s.Missing) == 0 || s.Err != nil {
			continue
		}
		of, err := experiment.Estimate(ctx, known, s.Task, s.Config)
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
