package weights

import (
	"bytes"
	"errors"
	"fmt"

	"multiscale/pkg/weights/pickle"
)

// maxEntries bounds the directory of a zip file. A checkpoint has about one entry per tensor.
const maxEntries = 1 << 18

// The signatures of a zip file's records, and the lengths in bytes of their fixed parts.
const (
	localRecord     = "PK\x03\x04"
	localSize       = 30
	directoryRecord = "PK\x01\x02"
	directorySize   = 46
	endRecord       = "PK\x05\x06"
	endSize         = 22
	end64Record     = "PK\x06\x06"
	end64Size       = 56
	end64Locator    = "PK\x06\x07"
	locatorSize     = 20
)

// archive maps the names of the files inside a zip file to their entries. The names are only keys; they are never used
// as paths.
type archive map[string]entry

// entry is a part of the zip file's bytes, or the reason why the file cannot be read.
type entry struct {
	content []byte
	err     error
}

// read returns the content of the file with this name.
func (a archive) read(name string) ([]byte, error) {
	e, ok := a[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("the zip file holds no %s", pickle.Brief(name))
	case e.err != nil:
		return nil, fmt.Errorf("entry %s %w", pickle.Brief(name), e.err)
	}
	return e.content, nil
}

var (
	errEncrypted  = errors.New("is encrypted")
	errCompressed = errors.New("is compressed, which torch.save does not do; save the weights again with it")
)

// openArchive reads the directory of a zip file. It supports only uncompressed files, which PyTorch writes, so a small
// archive cannot unpack to a large one. It does not verify checksums: PyTorch does not either, and has an option to omit
// them.
func openArchive(data []byte) (archive, error) {
	directory, n, err := directoryOf(data)
	if err != nil {
		return nil, err
	}
	files := make(archive, min(n, uint64(len(directory)/directorySize)))
	for range n {
		if len(directory) < directorySize || string(directory[:4]) != directoryRecord {
			return nil, errors.New("the zip file's directory is cut short or damaged")
		}
		method := le.Uint16(directory[10:])
		packed, size, at := uint64(le.Uint32(directory[20:])), uint64(le.Uint32(directory[24:])), uint64(le.Uint32(directory[42:]))
		flags := le.Uint16(directory[8:])
		nameEnd := directorySize + int(le.Uint16(directory[28:]))
		extraEnd := nameEnd + int(le.Uint16(directory[30:]))
		next := extraEnd + int(le.Uint16(directory[32:]))
		if next > len(directory) {
			return nil, errors.New("the zip file's directory is cut short or damaged")
		}
		name := string(directory[directorySize:nameEnd])
		if err := large(directory[nameEnd:extraEnd], &size, &packed, &at); err != nil {
			return nil, fmt.Errorf("entry %s: %w", pickle.Brief(name), err)
		}
		directory = directory[next:]
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("entry %s is in the zip file twice", pickle.Brief(name))
		}
		switch {
		case flags&1 != 0:
			files[name] = entry{err: errEncrypted}
			continue
		case method != 0 || packed != size:
			files[name] = entry{err: errCompressed}
			continue
		}
		part, err := content(data, name, at, size)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", pickle.Brief(name), err)
		}
		files[name] = entry{content: part}
	}
	return files, nil
}

// directoryOf finds the directory of a zip file, and the number of its entries.
func directoryOf(data []byte) (directory []byte, n uint64, err error) {
	const longestComment = 1<<16 - 1
	from := max(0, len(data)-endSize-longestComment)
	i := bytes.LastIndex(data[from:], []byte(endRecord))
	if i < 0 || from+i+endSize > len(data) {
		return nil, 0, errors.New("it is cut short: the end of the zip file is missing")
	}
	end := data[from+i:]
	n = uint64(le.Uint16(end[10:]))
	size, at := uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	if l := from + i - locatorSize; l >= 0 && string(data[l:l+4]) == end64Locator {
		at64 := le.Uint64(data[l+8:])
		if at64 > uint64(l) || uint64(l)-at64 < end64Size || string(data[at64:at64+4]) != end64Record {
			return nil, 0, errors.New("the end of the zip file is damaged")
		}
		end := data[at64:]
		n, size, at = le.Uint64(end[32:]), le.Uint64(end[40:]), le.Uint64(end[48:])
	}
	switch {
	case n > maxEntries:
		return nil, 0, fmt.Errorf("the zip file has %d entries, at most %d are read", n, maxEntries)
	case at > uint64(len(data)) || size > uint64(len(data))-at:
		return nil, 0, errors.New("it is cut short: the directory of the zip file lies outside it")
	}
	return data[at : at+size], n, nil
}

// large replaces the fields that do not fit into 32 bits by their values in the entry's zip64 field.
func large(extra []byte, fields ...*uint64) error {
	const unset, zip64 = 1<<32 - 1, 1
	for len(extra) >= 4 {
		kind, size := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			break
		}
		field := extra[:size]
		if extra = extra[size:]; kind != zip64 {
			continue
		}
		for _, f := range fields {
			if *f == unset && len(field) >= 8 {
				*f, field = le.Uint64(field), field[8:]
			}
		}
	}
	for _, f := range fields {
		if *f == unset {
			return errors.New("its zip64 fields are missing")
		}
	}
	return nil
}

// content returns the bytes of an entry whose local record begins at offset at.
func content(data []byte, name string, at, size uint64) ([]byte, error) {
	if at > uint64(len(data)) || uint64(len(data))-at < localSize || string(data[at:at+4]) != localRecord {
		return nil, errors.New("it is not where the zip file's directory says")
	}
	local := data[at:]
	nameEnd := localSize + int(le.Uint16(local[26:]))
	start := nameEnd + int(le.Uint16(local[28:]))
	switch {
	case start > len(local) || size > uint64(len(local)-start):
		return nil, fmt.Errorf("it is cut short: %d bytes are needed", size)
	case string(local[localSize:nameEnd]) != name:
		return nil, errors.New("the zip file's directory has another name for it than the entry itself")
	}
	return local[start : start+int(size) : start+int(size)], nil
}
