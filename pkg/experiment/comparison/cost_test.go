package comparison

import (
	"multiscale/pkg/mge"
	"strings"
	"testing"
)

// TestCost: the plans of this project take the work units that the paper
// publishes. Runs whose work differs from their plan are problems.
func TestCost(t *testing.T) {
	cost, problems := Cost(nil)
	if problems != nil {
		t.Error(problems)
	}
	check(t, cost,
		"paper | single | 2,000 | 240 | 480000 | 1.00 | the paper | yes",
		"paper | mge | 2,000 | 37 | 74000 | 6.49 | the paper | yes",
		"paper | fullmultiscale | 3,750 | 2, 7, 17, 37 | 28750 | 16.7 | the paper | yes",
		"paper | progressive | 3,750 | 2, 7, 17, 37 | 28750 | 16.7 |  | ",
		"paper, super-resolution | single | 2,000 | 120 | 240000 | 1.00 | the paper | yes",
		"paper, super-resolution | mge | 2,000 | 18.5 | 37000 | 6.49 | the paper | yes",
		"paper, super-resolution | fullmultiscale | 3,750 | 1, 3.5, 8.5, 18.5 | 14375 | 16.7 | the paper | yes",
		"paper, super-resolution | progressive | 3,750 | 1, 3.5, 8.5, 18.5 | 14375 | 16.7 |  | ",
	)
	r := newRun(t, denoising, unit{mge.Single.Name, 1, nil}, unit{mge.MGE.Name, 1, nil})
	r.Summaries[0].WorkUnits, r.Summaries[1].WorkUnits = 56*quickSteps, 1000
	cost, problems = Cost(groups(t, r))
	rows := texts(cost)
	if rows[len(rows)-2] != "quick | single | 160 | 56 | 8960 | 1.00 | the runs | yes" || rows[len(rows)-1] != "quick | mge | 160 | 17 | 2720 | 3.29 | the runs | no: 1000" {
		t.Errorf("%q", rows[len(rows)-2:])
	}
	if len(problems) != 1 || !strings.Contains(problems[0].Error(), "quick, mge: 2720 work units by its plan, 1000 by the runs") {
		t.Errorf("%v", problems)
	}
}
