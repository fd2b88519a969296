package kernel

import "sync"

// Free is a list of values that are not in use: about one for each core, a few more
// when several graphs run side by side. Unlike a sync.Pool it is not emptied by the
// garbage collector. The zero value is empty and ready for use.
type Free[T any] struct {
	mu   sync.Mutex
	list []*T
}

// Get returns a value that was Put, or a new zero value.
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

// Put takes back a value that is not in use any more.
func (f *Free[T]) Put(t *T) {
	f.mu.Lock()
	f.list = append(f.list, t)
	f.mu.Unlock()
}
