package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// The format, little endian, version 1:
//
//	magic    8 bytes
//	version  uint32
//	sections uint32, their number
//	size     uint64, of the whole file in bytes
//	sections, sorted by kind and name:
//	    kind uint32 (0 bytes, 1 float32), length of the name uint32,
//	    length of the data in bytes uint64, name, data
//	SHA-256 of everything before it, 32 bytes
const (
	magic      = "mscaleCP"
	version    = 1
	headerSize = 8 + 4 + 4 + 8
	sumSize    = sha256.Size

	kindBytes  = 0
	kindFloats = 1

	// maxName is the longest name of a section, in bytes. Together with MaxSize it
	// keeps a damaged or hostile file from using up the memory.
	maxName = 1 << 12
)

// MaxSize is the size of the largest file, in bytes.
const MaxSize = 4 << 30

// Snapshot is the content of a checkpoint: named sections of bytes and of
// numbers. The caller defines what they mean.
type Snapshot struct {
	Bytes   map[string][]byte
	Vectors map[string][]float32
}

type section struct {
	kind   uint32
	name   string
	bytes  []byte
	floats []float32
}

const sectionHeader = 4 + 4 + 8

func (s section) size() uint64 {
	return sectionHeader + uint64(len(s.name)) + uint64(len(s.bytes)) + 4*uint64(len(s.floats))
}

// sections returns the sections in the order of the file, so that equal snapshots
// give equal bytes, and the size of the file.
func (s Snapshot) sections() (list []section, size uint64, err error) {
	for _, name := range slices.Sorted(maps.Keys(s.Bytes)) {
		list = append(list, section{kind: kindBytes, name: name, bytes: s.Bytes[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Vectors)) {
		list = append(list, section{kind: kindFloats, name: name, floats: s.Vectors[name]})
	}
	size = headerSize + sumSize
	for _, sec := range list {
		if len(sec.name) > maxName {
			return nil, 0, fmt.Errorf("checkpoint: the name %.40q... is too long", sec.name)
		}
		size += sec.size()
	}
	if size > MaxSize {
		return nil, 0, fmt.Errorf("checkpoint: %d bytes, more than the %d of the format", size, int64(MaxSize))
	}
	return list, size, nil
}

// Encode writes the snapshot to w. Equal snapshots give equal bytes.
func (s Snapshot) Encode(w io.Writer) error {
	list, size, err := s.sections()
	if err != nil {
		return err
	}
	sum := sha256.New()
	out := io.MultiWriter(w, sum)
	var head [headerSize]byte
	copy(head[:], magic)
	binary.LittleEndian.PutUint32(head[8:], version)
	binary.LittleEndian.PutUint32(head[12:], uint32(len(list)))
	binary.LittleEndian.PutUint64(head[16:], size)
	if _, err := out.Write(head[:]); err != nil {
		return err
	}
	for _, sec := range list {
		if err := sec.encode(out); err != nil {
			return err
		}
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

// encode writes a section: its header, name and data.
func (s section) encode(w io.Writer) error {
	head := make([]byte, 0, sectionHeader+len(s.name))
	head = binary.LittleEndian.AppendUint32(head, s.kind)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(s.name)))
	head = binary.LittleEndian.AppendUint64(head, uint64(len(s.bytes))+4*uint64(len(s.floats)))
	head = append(head, s.name...)
	if _, err := w.Write(head); err != nil {
		return err
	}
	if _, err := w.Write(s.bytes); err != nil {
		return err
	}
	buf := make([]byte, 0, 1<<16)
	for part := range slices.Chunk(s.floats, cap(buf)/4) {
		buf, _ = binary.Append(buf[:0], binary.LittleEndian, part) // never fails for float32
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// Reasons to reject a file.
var (
	errCut     = errors.New("it is cut short or has grown")
	errForeign = errors.New("it is not a checkpoint")
	errSum     = errors.New("its checksum is wrong")
	errSection = errors.New("a section is malformed")
)

// Decode reads what Encode wrote; any other data is an error. It verifies the checksum
// before it reads a section, and checks every length against the size of the data.
func Decode(data []byte) (Snapshot, error) {
	if len(data) < headerSize+sumSize {
		return Snapshot{}, errCut
	}
	if string(data[:8]) != magic {
		return Snapshot{}, errForeign
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != version {
		return Snapshot{}, fmt.Errorf("it has format version %d, this program reads %d", v, version)
	}
	if binary.LittleEndian.Uint64(data[16:]) != uint64(len(data)) {
		return Snapshot{}, errCut
	}
	body, sum := data[:len(data)-sumSize], data[len(data)-sumSize:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return Snapshot{}, errSum
	}
	s := Snapshot{Bytes: map[string][]byte{}, Vectors: map[string][]float32{}}
	count := binary.LittleEndian.Uint32(data[12:])
	rest := body[headerSize:]
	for range count {
		var err error
		if rest, err = s.decodeSection(rest); err != nil {
			return Snapshot{}, err
		}
	}
	if len(rest) != 0 {
		return Snapshot{}, errSection
	}
	return s, nil
}

// decodeSection adds the first section of data to s and returns what follows.
func (s Snapshot) decodeSection(data []byte) (rest []byte, err error) {
	if len(data) < sectionHeader {
		return nil, errSection
	}
	kind := binary.LittleEndian.Uint32(data)
	nameLen := uint64(binary.LittleEndian.Uint32(data[4:]))
	length := binary.LittleEndian.Uint64(data[8:])
	data = data[sectionHeader:]
	if left := uint64(len(data)); nameLen > maxName || nameLen > left || length > left-nameLen {
		return nil, errSection
	}
	name, payload, rest := string(data[:nameLen]), data[nameLen:nameLen+length], data[nameLen+length:]
	switch kind {
	case kindBytes:
		if _, twice := s.Bytes[name]; twice {
			return nil, errSection
		}
		s.Bytes[name] = bytes.Clone(payload)
	case kindFloats:
		if _, twice := s.Vectors[name]; twice || length%4 != 0 {
			return nil, errSection
		}
		v := make([]float32, length/4)
		if _, err := binary.Decode(payload, binary.LittleEndian, v); err != nil {
			return nil, err
		}
		s.Vectors[name] = v
	default:
		return nil, errSection
	}
	return rest, nil
}
