package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Split divides a source into about nine tenths for training and one tenth for
// validation. A picture's part depends on the hash of its name, so it does not change when
// others are added or removed. Only the pictures with the lowest and the highest hash are
// fixed, so that neither part is empty. It returns an error for fewer than two pictures;
// where names the source in it.
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
		// All of a few pictures may fall into one part: the lowest and the highest hash
		// ensure that each part gets one.
		if (h < tenth || i == lowest) && i != highest {
			v = append(v, i)
		} else {
			t = append(t, i)
		}
	}
	return subset{c, t}, subset{c, v}, nil
}
