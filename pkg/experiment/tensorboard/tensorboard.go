// Package tensorboard writes event files that TensorBoard reads: scalars and pictures over the steps of a run.
//
// An event file is a stream of TFRecords: the length of the data (uint64) and its checksum, then the data and its
// checksum, all little-endian; checksums are masked CRC-32C. The data are protocol buffers of the message
// tensorflow.Event. A file only grows, and readers ignore a record that is cut short, so that a killed process loses
// at most the last record.
package tensorboard

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"multiscale/pkg/durable"
)

// Writer writes one event file.
type Writer struct {
	w   io.Writer
	now func() time.Time
}

// Scalar is a number under a tag, such as "train/loss".
type Scalar struct {
	Tag   string
	Value float64
}

// Picture is a picture under a tag, as the bytes of a PNG file.
type Picture struct {
	Tag           string
	Width, Height int
	PNG           []byte
}

// infix is the part of a file name by which TensorBoard recognises event files.
const infix = ".tfevents."

// Create creates an event file in a folder, and the folder if it does not exist. The file's name sorts after those of
// earlier files, because TensorBoard reads the files of a folder in order. earlier reports whether there are any.
func Create(fsys durable.FS, dir string) (f durable.File, earlier bool, err error) {
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, false, fmt.Errorf("cannot make %s: %w", dir, err)
	}
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, false, err
	}
	number := 0
	for _, e := range entries {
		if _, after, ok := strings.Cut(e.Name(), infix); ok {
			var n int
			if _, err := fmt.Sscanf(after, "%d", &n); err == nil {
				number = max(number, n)
			}
		}
	}
	f, err = fsys.Create(filepath.Join(dir, fmt.Sprintf("events.out%s%010d.multiscale", infix, number+1)))
	return f, number > 0, err
}

// Clear removes the event files of a folder, which need not exist.
func Clear(fsys durable.FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil // there is no such folder
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), infix) {
			if err := fsys.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// New begins an event file on w.
func New(w io.Writer) (*Writer, error) {
	t := &Writer{w, time.Now}
	return t, t.event(0, fieldFileVersion, []byte("brain.Event:2"))
}

// The numbers of the fields, from TensorFlow's event.proto and summary.proto.
const (
	fieldWallTime    = 1 // of Event: seconds, double
	fieldStep        = 2 // int64
	fieldFileVersion = 3 // string
	fieldSummary     = 5 // Summary
	fieldSessionLog  = 7 // SessionLog

	fieldStatus = 1 // of SessionLog: enum
	statusStart = 1

	fieldValue = 1 // of Summary: repeated Value

	fieldTag    = 1 // of Value: string
	fieldSimple = 2 // float
	fieldImage  = 4 // Image

	fieldHeight     = 1 // of Image: int32
	fieldWidth      = 2 // int32
	fieldColorspace = 3 // int32
	fieldEncoded    = 4 // bytes
)

// colours is the colorspace of RGB.
const colours = 3

// Restart says that the steps from the given one on will be written again: readers forget these steps.
func (t *Writer) Restart(step int) error {
	return t.event(step, fieldSessionLog, number(nil, fieldStatus, statusStart))
}

// Scalars writes numbers of a step. It leaves out those that are NaN.
func (t *Writer) Scalars(step int, scalars ...Scalar) error {
	var summary []byte
	for _, s := range scalars {
		if math.IsNaN(s.Value) {
			continue
		}
		value := protowire.AppendTag(text(nil, fieldTag, []byte(s.Tag)), fieldSimple, protowire.Fixed32Type)
		summary = text(summary, fieldValue, protowire.AppendFixed32(value, math.Float32bits(float32(s.Value))))
	}
	if summary == nil {
		return nil
	}
	return t.event(step, fieldSummary, summary)
}

// Picture writes a picture of a step.
func (t *Writer) Picture(step int, p Picture) error {
	image := number(number(number(nil, fieldHeight, p.Height), fieldWidth, p.Width), fieldColorspace, colours)
	image = text(image, fieldEncoded, p.PNG)
	value := text(text(nil, fieldTag, []byte(p.Tag)), fieldImage, image)
	return t.event(step, fieldSummary, text(nil, fieldValue, value))
}

// event writes an event with the content of one field.
func (t *Writer) event(step int, field protowire.Number, content []byte) error {
	e := protowire.AppendTag(nil, fieldWallTime, protowire.Fixed64Type)
	e = protowire.AppendFixed64(e, math.Float64bits(float64(t.now().UnixNano())/1e9))
	_, err := t.w.Write(record(text(number(e, fieldStep, step), field, content)))
	return err
}

// number appends a field with an integer.
func number(message []byte, field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(message, field, protowire.VarintType), uint64(v))
}

// text appends a field with bytes.
func text(message []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(message, field, protowire.BytesType), content)
}

// record frames data as a TFRecord.
func record(data []byte) []byte {
	r := make([]byte, 0, len(data)+16)
	r = binary.LittleEndian.AppendUint64(r, uint64(len(data)))
	r = binary.LittleEndian.AppendUint32(r, checksum(r))
	r = append(r, data...)
	return binary.LittleEndian.AppendUint32(r, checksum(data))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns the masked CRC-32C: the CRC rotated by 15 bits, plus a constant. The mask keeps the checksum strong for
// data that contain checksums.
func checksum(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}
