package weights

import (
	"errors"
	"fmt"
	"math/big"

	"multiscale/pkg/weights/pickle"
)

// Checkpoints without zip begin with the number magic and the version of their format.
var magic, _ = new(big.Int).SetString("1950a86a20f9469cfc6c", 16)

const version = 1001

// decodeLegacy reads a checkpoint in the format of PyTorch before version 1.6, which later versions still write on
// request. It has five pickles: the magic number, the version, a description of the system, the checkpoint, and the
// list of the storages' keys. Then come the storages, each with its number of elements first. All numbers are
// little-endian on every system.
func decodeLegacy(data []byte) (*File, error) {
	size := len(data)
	s := storages{map[string]*storage{}}
	next := func() (any, error) {
		value, n, err := pickle.Read(data, pickle.Host{Global: global, Persistent: s.persistent})
		data = data[n:]
		return value, err
	}
	number, err := next()
	if err != nil {
		return nil, err
	}
	if n, ok := number.(*big.Int); !ok || n.Cmp(magic) != 0 {
		return nil, fmt.Errorf("it is a pickle, but not a PyTorch checkpoint: it holds %s", pickle.Kind(number))
	}
	if v, err := next(); err != nil {
		return nil, err
	} else if v != int64(version) {
		return nil, fmt.Errorf("the version of its format is %s, want %d", pickle.Kind(v), version)
	}
	if _, err := next(); err != nil { // the description of the system
		return nil, err
	}
	value, err := next()
	if err != nil {
		return nil, err
	}
	keys, err := next()
	if err != nil {
		return nil, err
	}
	blocks, err := s.blocks(keys, data)
	if err != nil {
		return nil, err
	}
	return load(value, size, false, func(s *storage) ([]byte, error) {
		b, ok := blocks[s.key]
		if !ok {
			return nil, fmt.Errorf("the file does not hold its storage %s", pickle.Brief(s.key))
		}
		return b, nil
	})
}

// blocks splits data into storages, by key. The storages are in the order of keys.
func (s *storages) blocks(keys any, data []byte) (map[string][]byte, error) {
	l, ok := keys.(*pickle.List)
	if !ok {
		return nil, fmt.Errorf("the list of its storages is %s", pickle.Kind(keys))
	}
	blocks := map[string][]byte{}
	for _, k := range l.Items {
		key, _ := k.(string)
		whole := s.byKey[key]
		if whole == nil {
			return nil, fmt.Errorf("the list of its storages has %s, which no tensor has", pickle.Kind(k))
		}
		if len(data) < 8 {
			return nil, errors.New("it is cut short: storages are missing")
		}
		n, size := le.Uint64(data), uint64(whole.element.Size())
		if data = data[8:]; n != uint64(whole.count) {
			return nil, fmt.Errorf("the storage %s has %d elements, but %d in the pickle", pickle.Brief(key), n, whole.count)
		}
		if n > uint64(len(data))/size {
			return nil, fmt.Errorf("it is cut short: the storage %s has %d elements", pickle.Brief(key), n)
		}
		blocks[key], data = data[:n*size], data[n*size:]
	}
	return blocks, nil
}
