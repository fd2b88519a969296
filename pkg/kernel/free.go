package kernel

import "sync"

// Free is a list of unused values: about one for each core, and a few more when several
// graphs run concurrently. Unlike a sync.Pool, it is not emptied by the garbage
// collector. The zero value is empty and ready for use.
type Free[T any] struct {
	mu   sync.Mutex
	list []*T
}

// Get returns a value that Put has stored, or a new zero value.
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

// Put stores a value for a later Get. The caller must not use it any more.
func (f *Free[T]) Put(t *T) {
	f.mu.Lock()
	f.list = append(f.list, t)
	f.mu.Unlock()
}
