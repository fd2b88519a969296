// Package rankstest has a Transport for tests in which ranks are goroutines.
package rankstest

import (
	"fmt"
	"slices"
	"sync"

	"multiscale/pkg/ranks"
)

// network carries messages between goroutines. It stands for an MPI library.
type network struct {
	mu      sync.Mutex
	waiting map[[3]int][][]byte // by sender, receiver and tag
	mute    map[int]bool        // ranks whose messages are dropped
	aborted bool
}

// Endpoint is a ranks.Transport for a goroutine.
type Endpoint struct {
	*network
	rank, size int
}

// Connect returns the transports of a number of ranks.
func Connect(size int) (all []Endpoint) {
	n := &network{waiting: map[[3]int][][]byte{}, mute: map[int]bool{}}
	for i := range size {
		all = append(all, Endpoint{n, i, size})
	}
	return all
}

// Rank implements ranks.Transport.
func (e Endpoint) Rank() int { return e.rank }

// Size implements ranks.Transport.
func (e Endpoint) Size() int { return e.size }

// Close implements ranks.Transport.
func (e Endpoint) Close() error { return nil }

// Mute drops all later messages of this rank.
func (e Endpoint) Mute() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mute[e.rank] = true
}

// Aborted reports whether a rank has called Abort.
func (e Endpoint) Aborted() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.aborted
}

// Abort implements ranks.Transport.
func (e Endpoint) Abort(int) {
	e.mu.Lock()
	e.aborted = true
	e.mu.Unlock()
}

type message struct {
	Endpoint
	key  [3]int
	data []byte // nil for a message that is sent
}

// Send implements ranks.Transport.
func (e Endpoint) Send(to, tag int, data []byte) ranks.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	if key := [3]int{e.rank, to, tag}; !e.mute[e.rank] {
		e.waiting[key] = append(e.waiting[key], slices.Clone(data))
	}
	return message{Endpoint: e}
}

// Receive implements ranks.Transport.
func (e Endpoint) Receive(from, tag int, data []byte) ranks.Message {
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
