package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

// seal gives data a valid magic, version, size and checksum, to test the checks that
// come after these.
func seal(data []byte) []byte {
	data = bytes.Clone(data)
	for len(data) < headerSize+sumSize {
		data = append(data, 0)
	}
	copy(data, magic)
	if data[8] != 2 { // the version that a test sets
		binary.LittleEndian.PutUint32(data[8:], version)
	}
	binary.LittleEndian.PutUint64(data[16:], uint64(len(data)))
	sum := sha256.Sum256(data[:len(data)-sumSize])
	copy(data[len(data)-sumSize:], sum[:])
	return data
}
