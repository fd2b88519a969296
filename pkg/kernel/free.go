package kernel

import "sync"

// Free holds what is not in use, of which there is one piece per core at most, or a few
// when several graphs run side by side. Unlike a sync.Pool it is not emptied by the
// garbage collector. The zero value is empty and ready for use.
type Free[T any] struct {
	mu   sync.Mutex
	list []*T
}

// Get returns a piece that was Put, or a new one of the zero value.
func (f *Free[T]) Get() *T {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.list)
	if n == 0 {
		return new(T)
	}
	t := f.list[n-1]
	f.list = f.list[:n-1]
	return t
}

// Put takes back a piece that nobody uses any more.
func (f *Free[T]) Put(t *T) {
	f.mu.Lock()
	f.list = append(f.list, t)
	f.mu.Unlock()
}
