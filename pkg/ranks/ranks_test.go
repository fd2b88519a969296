package ranks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"multiscale/pkg/random"
	"multiscale/pkg/share"
	"multiscale/pkg/share/sharetest"
)

// network carries messages between goroutines. It stands for an MPI library.
type network struct {
	mu      sync.Mutex
	waiting map[[3]int][][]byte // by sender, receiver and tag
	mute    map[int]bool        // ranks whose messages are lost
	aborted bool
}

type endpoint struct {
	*network
	rank, size int
}

func connect(size int) (all []endpoint) {
	n := &network{waiting: map[[3]int][][]byte{}, mute: map[int]bool{}}
	for i := range size {
		all = append(all, endpoint{n, i, size})
	}
	return all
}

func (e endpoint) Rank() int    { return e.rank }
func (e endpoint) Size() int    { return e.size }
func (e endpoint) Close() error { return nil }
func (e endpoint) Abort(int) {
	e.mu.Lock()
	e.aborted = true
	e.mu.Unlock()
}

type message struct {
	endpoint
	key  [3]int
	data []byte // nil: has left
}

func (e endpoint) Send(to, tag int, data []byte) Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	if key := [3]int{e.rank, to, tag}; !e.mute[e.rank] {
		e.waiting[key] = append(e.waiting[key], slices.Clone(data))
	}
	return message{endpoint: e}
}

func (e endpoint) Receive(from, tag int, data []byte) Message {
	return message{e, [3]int{from, e.rank, tag}, data}
}

func (message) Cancel() {}

func (m message) Test() (bool, error) {
	if m.data == nil {
		return true, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.waiting[m.key]
	if len(list) == 0 {
		return false, nil
	}
	if len(list[0]) != len(m.data) {
		return false, fmt.Errorf("%d bytes for %d", len(list[0]), len(m.data))
	}
	copy(m.data, list[0])
	m.waiting[m.key] = list[1:]
	return true, nil
}

// each lets ranks do something at once.
func each(t *testing.T, size int, patience time.Duration, do func(r *Ranks)) []endpoint {
	t.Helper()
	all := connect(size)
	var wait sync.WaitGroup
	for _, e := range all {
		wait.Go(func() {
			r, err := Join(e, patience)
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

// TestAdd: sums have the bytes of those of one process, of any length, and as many bytes are sent as
// the model says.
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
		each(t, size, time.Minute, func(r *Ranks) {
			for _, n := range []int{n, 1, 6} {
				want, wantScalars := of(nil, n)
				before := r.Sent()
				got, scalars := of(r, n)
				if !slices.Equal(got, want) || !slices.Equal(scalars, wantScalars) {
					t.Errorf("rank %d of %d has another sum of %d", r.Rank(), size, n)
				}
				if sent, model := float64(r.Sent()-before), sentPerStep(n, m, size); n > 100 && (sent < 0.9*model || sent > 1.1*model) {
					t.Errorf("rank %d of %d sent %v bytes, the model says %v", r.Rank(), size, sent, model)
				}
			}
		})
	}
}

// TestBytes: all ranks get what the first gives, and the first what all give.
func TestBytes(t *testing.T) {
	for _, size := range []int{1, 2, 8} {
		each(t, size, time.Minute, func(r *Ranks) {
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

// TestEnd: what ends a step on one rank ends it on all, which are then at the same place.
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
		each(t, 4, time.Minute, func(r *Ranks) {
			ctx, cancel := context.WithCancel(t.Context())
			var own error
			if r.Rank() == 2 {
				own = tc.err
			}
			if tc.err == context.Canceled { // a signal, which comes to the others later
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
			if again := r.End(ctx, err); again != err { // is not told twice
				t.Errorf("%s: rank %d: then %v", name, r.Rank(), again)
			}
			cancel()
		})
	}
}

// TestDigest: a rank whose parameters differ is named.
func TestDigest(t *testing.T) {
	each(t, 4, time.Minute, func(r *Ranks) {
		r.Digest = func() uint64 {
			if r.Rank() == 3 {
				return 1
			}
			return 0
		}
		if err := r.Add(t.Context(), DigestEvery-1, nil, nil, nil); err != nil {
			t.Error(err)
		}
		if err := r.Add(t.Context(), DigestEvery, nil, nil, nil); err == nil || !strings.Contains(err.Error(), "rank 3") {
			t.Errorf("rank %d: %v", r.Rank(), err)
		}
	})
}

// TestSilence: a rank that says nothing any more is named by rank 0, or by rank 1 if it is rank 0.
func TestSilence(t *testing.T) {
	for _, silent := range []int{0, 3} {
		all := connect(4)
		var wait sync.WaitGroup
		told := make([]error, len(all))
		for i, e := range all {
			wait.Go(func() {
				r, err := Join(e, time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				switch i {
				case silent:
					e.mu.Lock()
					e.mute[i] = true
					e.mu.Unlock()
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
		if told[who] == nil || !strings.Contains(told[who].Error(), fmt.Sprintf("rank %d (", silent)) || !all[0].aborted {
			t.Errorf("rank %d is silent: %v", silent, told[who])
		}
	}
}

// TestPlaces: threads follow from what a rank may use, and ranks that share a core are named.
func TestPlaces(t *testing.T) {
	place := func(host string, cpus ...int) Place { // two hyper-threads a core: 0 and 1, 2 and 3
		p := Place{Host: host, CPUs: cpus}
		for _, c := range cpus {
			if !slices.Contains(p.Cores, c&^1) {
				p.Cores = append(p.Cores, c&^1)
			}
		}
		return p
	}
	for name, tc := range map[string]struct {
		places  []Place
		asked   int
		threads int // of the last
		fights  []string
	}{
		"a core each":     {[]Place{place("a", 0, 1), place("a", 2, 3)}, 0, 1, nil},
		"not bound":       {[]Place{place("a", 0, 1, 2, 3), place("a", 0, 1, 2, 3)}, 0, 1, nil},
		"too many":        {[]Place{place("a", 0, 1), place("a", 0, 1), place("b", 0)}, 0, 1, []string{"ranks 0 and 1 fight for core 0 of a: 2 threads for 1"}},
		"hyper-threads":   {[]Place{place("a", 0), place("a", 1)}, 0, 1, []string{"ranks 0 and 1 fight for core 0 of a: 2 threads for 1"}},
		"too many wanted": {[]Place{place("a", 0, 2), place("a", 0, 2)}, 2, 1, []string{"ranks 0 and 1 fight for core 0,2 of a: 4 threads for 2"}},
		"two hosts":       {[]Place{place("a", 0, 2, 4, 6), place("b", 0, 2, 4, 6)}, 0, 4, nil},
		"not known":       {[]Place{{Host: "a"}, {Host: "a"}}, 0, 0, nil},
	} {
		if got := threads(tc.places, len(tc.places)-1); got != tc.threads {
			t.Errorf("%s: %d threads, want %d", name, got, tc.threads)
		}
		if got := fights(tc.places, tc.asked); !slices.Equal(got, tc.fights) {
			t.Errorf("%s: %q, want %q", name, got, tc.fights)
		}
	}
}

// sentPerStep is how many bytes a rank sends for a sum of n float32 and m float64 over some ranks,
// up to what halves leave over: the vector's halves, quarters and so on, and once more as many to
// hand the sums out.
func sentPerStep(n, m, ranks int) float64 {
	rounds := math.Log2(float64(ranks))
	return 2*4*float64(n)*(1-1/float64(ranks)) + rounds*float64(8*m+statusBytes)
}
