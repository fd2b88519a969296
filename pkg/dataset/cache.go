package dataset

import (
	"sync/atomic"

	"multiscale/pkg/picture"
)

// budget is what the caches of one data set may hold together.
type budget struct{ left atomic.Int64 }

// cache keeps the pictures of a collection: the first ones that are asked for,
// until the budget is spent. Samples are drawn uniformly, so no picture is more
// worth keeping than another.
type cache struct {
	collection
	kept   []atomic.Pointer[picture.Planar8]
	budget *budget
}

func newCache(c collection, b *budget) *cache {
	return &cache{collection: c, kept: make([]atomic.Pointer[picture.Planar8], c.Len()), budget: b}
}

func (c *cache) room() bool { return c.budget.left.Load() > 0 }

// Load returns the kept picture, or loads it. Two goroutines that miss at the
// same time both load it, and get equal pictures.
func (c *cache) Load(i int) (*picture.Planar8, error) {
	if p := c.kept[i].Load(); p != nil {
		return p, nil
	}
	p, err := c.collection.Load(i)
	if err != nil {
		return nil, err
	}
	size := int64(len(p.Pix))
	switch {
	case c.budget.left.Add(-size) < 0:
		c.budget.left.Add(size)
	case !c.kept[i].CompareAndSwap(nil, p):
		c.budget.left.Add(size)
	}
	return p, nil
}
