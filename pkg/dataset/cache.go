package dataset

import (
	"sync/atomic"

	"multiscale/pkg/picture"
)

// budget is the number of bytes that the caches of one data set may still take.
type budget struct{ left atomic.Int64 }

// cache keeps the first pictures of a source that are requested, until the budget is
// spent. Samples are drawn uniformly, so no picture is more worth keeping than another.
type cache struct {
	Source
	kept   []atomic.Pointer[picture.Planar]
	budget *budget
}

func newCache(c Source, b *budget) *cache {
	return &cache{Source: c, kept: make([]atomic.Pointer[picture.Planar], c.Len()), budget: b}
}

func (c *cache) room() bool { return c.budget.left.Load() > 0 }

// Load returns the kept picture, or loads it. Two goroutines that miss at the
// same time both load it, and get equal pictures.
func (c *cache) Load(i int) (*picture.Planar, error) {
	if p := c.kept[i].Load(); p != nil {
		return p, nil
	}
	p, err := c.Source.Load(i)
	if err != nil {
		return nil, err
	}
	size := p.Bytes()
	switch {
	case c.budget.left.Add(-size) < 0:
		c.budget.left.Add(size)
	case !c.kept[i].CompareAndSwap(nil, p):
		c.budget.left.Add(size)
	}
	return p, nil
}
