package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Split divides a source into nine tenths for training and one tenth for
// validation. A picture's part depends only on its name, so it does not change
// when others are added or removed. where names the source in errors.
func Split(c Source, where string) (train, validation Source, err error) {
	if c.Len() < 2 {
		return nil, nil, fmt.Errorf("%s: only %d picture, which cannot be split into training and validation; add some", where, c.Len())
	}
	var t, v []int
	lowest, highest := 0, 0
	hashes := make([]uint64, c.Len())
	for i := range hashes {
		sum := sha256.Sum256([]byte(c.Name(i)))
		hashes[i] = binary.BigEndian.Uint64(sum[:])
		if hashes[i] < hashes[lowest] {
			lowest = i
		}
		if hashes[i] > hashes[highest] {
			highest = i
		}
	}
	const tenth = 1<<64/10 + 1
	for i, h := range hashes {
		// A handful of pictures may all fall on one side: each side gets one.
		if (h < tenth || i == lowest) && i != highest {
			v = append(v, i)
		} else {
			t = append(t, i)
		}
	}
	return subset{c, t}, subset{c, v}, nil
}
