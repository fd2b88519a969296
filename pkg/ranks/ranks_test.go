package ranks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"multiscale/pkg/random"
	"multiscale/pkg/ranks"
	"multiscale/pkg/ranks/rankstest"
	"multiscale/pkg/scaling"
	"multiscale/pkg/share"
	"multiscale/pkg/share/sharetest"
)

// each calls do on all ranks concurrently.
func each(t *testing.T, size int, patience time.Duration, do func(r *ranks.Ranks)) []rankstest.Endpoint {
	t.Helper()
	all := rankstest.Connect(size)
	var wait sync.WaitGroup
	for _, e := range all {
		wait.Go(func() {
			r, err := ranks.Join(e, patience)
			if err != nil {
				t.Error(err)
				return
			}
			do(r)
			if err := r.Leave(1); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	return all
}

// TestAdd: sums of any length have the same bytes as those of one process. The number of bytes that a
// rank sends agrees with the model in docs/scaling.md, apart from some for losses and agreement.
func TestAdd(t *testing.T) {
	const shares, n, m = 8, 1003, 5
	compute := sharetest.Each(func(s share.Share, vector []float32, scalars []float64) error {
		r := random.New(3, uint64(s.Index))
		r.Normals(vector)
		for i := range scalars {
			scalars[i] = float64(r.Normal())
		}
		return nil
	})
	of := func(r share.Ranks, n int) ([]float32, []float64) {
		vector, scalars := make([]float32, n), make([]float64, m)
		sum := share.Sum{Shares: shares, Ranks: r}
		if err := sum.Of(t.Context(), 0, vector, scalars, compute); err != nil {
			t.Error(err)
		}
		return vector, scalars
	}
	for _, size := range []int{1, 2, 4, 8} {
		each(t, size, time.Minute, func(r *ranks.Ranks) {
			for _, n := range []int{n, 1, 6} {
				want, wantScalars := of(nil, n)
				before := r.Sent()
				got, scalars := of(r, n)
				if !slices.Equal(got, want) || !slices.Equal(scalars, wantScalars) {
					t.Errorf("rank %d of %d has another sum of %d", r.Rank(), size, n)
				}
				if sent, model := float64(r.Sent()-before), scaling.Bytes(scaling.Network{Parameters: n}, size); n > 100 && (sent < 0.9*model || sent > 1.1*model) {
					t.Errorf("rank %d of %d sent %v bytes, the model says %v", r.Rank(), size, sent, model)
				}
			}
		})
	}
}

// TestBytes: Gather collects the data of all ranks on rank 0, and Broadcast sends its data to all.
func TestBytes(t *testing.T) {
	for _, size := range []int{1, 2, 8} {
		each(t, size, time.Minute, func(r *ranks.Ranks) {
			all, err := r.Gather(bytes.Repeat([]byte{byte(r.Rank())}, r.Rank()))
			if err != nil || r.Rank() == 0 && (len(all) != size || len(all[size-1]) != size-1) {
				t.Errorf("%d of %d: %v, %v", r.Rank(), size, all, err)
			}
			var give []byte
			if r.Rank() == 0 {
				give = []byte("something long")
			}
			if got, err := r.Broadcast(give); err != nil || string(got) != "something long" {
				t.Errorf("%d of %d: %q, %v", r.Rank(), size, got, err)
			}
		})
	}
}

// TestEnd: if one rank ends a step, all ranks end it together.
func TestEnd(t *testing.T) {
	failure := errors.New("the pictures are gone")
	for name, tc := range map[string]struct {
		err  error // of rank 2
		want string
	}{
		"failed":  {failure, "rank 2"},
		"stopped": {context.Canceled, "context canceled"},
		"done":    {nil, ""},
	} {
		each(t, 4, time.Minute, func(r *ranks.Ranks) {
			ctx, cancel := context.WithCancel(t.Context())
			var own error
			if r.Rank() == 2 {
				own = tc.err
			}
			if tc.err == context.Canceled { // like a signal that reaches the ranks one after the other
				time.AfterFunc(time.Duration(r.Rank())*10*time.Millisecond, cancel)
			}
			var err error
			if r.Rank() == 2 {
				err = r.End(ctx, own)
			} else {
				err = r.Add(ctx, 0, nil, nil, own)
			}
			if tc.err == nil {
				if err != nil {
					t.Errorf("%s: rank %d: %v", name, r.Rank(), err)
				}
			} else if err == nil || r.Rank() != 2 && !strings.Contains(err.Error(), tc.want) || r.Rank() == 2 && !errors.Is(err, tc.err) {
				t.Errorf("%s: rank %d: %v", name, r.Rank(), err)
			}
			if again := r.End(ctx, err); again != err { // no second agreement
				t.Errorf("%s: rank %d: then %v", name, r.Rank(), again)
			}
			cancel()
		})
	}
}

// TestDigest: the error names a rank whose digest differs.
func TestDigest(t *testing.T) {
	each(t, 4, time.Minute, func(r *ranks.Ranks) {
		r.Digest = func() uint64 {
			if r.Rank() == 3 {
				return 1
			}
			return 0
		}
		if err := r.Add(t.Context(), ranks.DigestEvery-1, nil, nil, nil); err != nil {
			t.Error(err)
		}
		if err := r.Add(t.Context(), ranks.DigestEvery, nil, nil, nil); err == nil || !strings.Contains(err.Error(), "rank 3") {
			t.Errorf("rank %d: %v", r.Rank(), err)
		}
	})
}

// TestSilence: rank 0 reports a silent rank, and rank 1 reports rank 0.
func TestSilence(t *testing.T) {
	for _, silent := range []int{0, 3} {
		all := rankstest.Connect(4)
		var wait sync.WaitGroup
		told := make([]error, len(all))
		for i, e := range all {
			wait.Go(func() {
				r, err := ranks.Join(e, time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				switch i {
				case silent:
					e.Mute()
				case 0, 1:
					if silent == 0 || i == 0 {
						told[i] = r.Add(t.Context(), 1, make([]float32, 4), nil, nil)
						_ = r.Leave(1)
					}
				}
			})
		}
		wait.Wait()
		who := 0
		if silent == 0 {
			who = 1
		}
		if told[who] == nil || !strings.Contains(told[who].Error(), fmt.Sprintf("rank %d (", silent)) || !all[0].Aborted() {
			t.Errorf("rank %d is silent: %v", silent, told[who])
		}
	}
}
