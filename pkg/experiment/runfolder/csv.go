package runfolder

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"multiscale/pkg/metric"
)

// format says how rows of a type are written to CSV and read back. Numbers are
// written with the fewest digits that give the same float64 when read, so a
// file that is read and written again keeps its bytes.
type format[R any] struct {
	unit    func(*R) *Unit
	columns []column[R]
	// further returns the column of a measure that may follow those columns; nil
	// where none may.
	further func(measure string) column[R]
}

// perUnit is the format of rows that begin with their unit.
func perUnit[R any](unit func(*R) *Unit, columns ...column[R]) format[R] {
	return format[R]{unit: unit, columns: append([]column[R]{
		text("strategy", func(r *R) *string { return &unit(r).Strategy }),
		seed("seed", func(r *R) *uint64 { return &unit(r).Seed }),
	}, columns...)}
}

// followedBy returns the format with measures that may follow its columns.
func (t format[R]) followedBy(further func(measure string) column[R]) format[R] {
	t.further = further
	return t
}

// with returns the format with columns of further measures.
func (t format[R]) with(measures []string) format[R] {
	t.columns = slices.Clone(t.columns)
	for _, name := range measures {
		t.columns = append(t.columns, t.further(name))
	}
	return t
}

type column[R any] struct {
	name  string
	write func(*R) string
	read  func(*R, string) error
}

func text[R any](name string, at func(*R) *string) column[R] {
	return column[R]{name, func(r *R) string { return *at(r) }, func(r *R, s string) error {
		if len(s) > 1000 || !utf8.ValidString(s) {
			return errors.New("too long or not text")
		}
		*at(r) = s
		return nil
	}}
}

func whole[R any](name string, at func(*R) *int) column[R] {
	return column[R]{name, func(r *R) string { return strconv.Itoa(*at(r)) }, func(r *R, s string) (err error) {
		*at(r), err = strconv.Atoi(s)
		return err
	}}
}

func long[R any](name string, at func(*R) *int64) column[R] {
	return column[R]{name, func(r *R) string { return strconv.FormatInt(*at(r), 10) }, func(r *R, s string) (err error) {
		*at(r), err = strconv.ParseInt(s, 10, 64)
		return err
	}}
}

func seed[R any](name string, at func(*R) *uint64) column[R] {
	return column[R]{name, func(r *R) string { return strconv.FormatUint(*at(r), 10) }, func(r *R, s string) (err error) {
		*at(r), err = strconv.ParseUint(s, 10, 64)
		return err
	}}
}

// number is a float64 that may be missing (NaN, written as nothing), with an
// exponent where that is shorter to read; plain is one without exponent.
func number[R any](name string, at func(*R) *float64) column[R] { return float(name, 'g', at) }
func plain[R any](name string, at func(*R) *float64) column[R]  { return float(name, 'f', at) }

// rounded is a plain number to the thousandth: of times, more is noise.
func rounded[R any](name string, at func(*R) *float64) column[R] {
	c := plain(name, at)
	write := c.write
	c.write = func(r *R) string {
		if exact := *at(r); math.Abs(exact) < 1e12 {
			short := *r
			*at(&short) = math.Round(exact*1000) / 1000
			return write(&short)
		}
		return write(r)
	}
	return c
}

func float[R any](name string, format byte, at func(*R) *float64) column[R] {
	write := func(r *R) string {
		if v := *at(r); !math.IsNaN(v) {
			return strconv.FormatFloat(v, format, -1, 64)
		}
		return ""
	}
	return column[R]{name, write, func(r *R, s string) (err error) {
		if s == "" {
			*at(r) = math.NaN()
			return nil
		}
		*at(r), err = strconv.ParseFloat(s, 64)
		return err
	}}
}

// measure is the value of a measure; empty where it is not known.
func measure[R any](name, title string, at func(*R) *metric.Values) column[R] {
	write := func(r *R) string {
		if v, ok := (*at(r))[name]; ok && !math.IsNaN(v) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return ""
	}
	return column[R]{title, write, func(r *R, s string) error {
		if s == "" {
			return nil
		}
		v, err := strconv.ParseFloat(s, 64)
		if *at(r) == nil {
			*at(r) = metric.Values{}
		}
		(*at(r))[name] = v
		return err
	}}
}

func (t format[R]) header() (names []string) {
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	return names
}

func (t format[R]) write(w io.Writer, rows []R) error {
	out := csv.NewWriter(w)
	if err := out.Write(t.header()); err != nil {
		return err
	}
	record := make([]string, len(t.columns))
	for i := range rows {
		for k, c := range t.columns {
			record[k] = c.write(&rows[i])
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// digest identifies rows, in hex; "" for none.
func (t format[R]) digest(rows []R) string {
	if len(rows) == 0 {
		return ""
	}
	sum := sha256.New()
	_ = t.write(sum, rows) // a hash takes all
	return hex.EncodeToString(sum.Sum(nil))
}

const byteOrderMark = "\ufeff"

// Bounds of the measures that a file may have beyond the usual ones.
const maxMeasures = 32

var measureName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// separators of columns: write's, and those of spreadsheets of other languages.
var separators = []rune{',', ';', '\t'}

// separator is the one that the beginning of a file has after its first column.
func separator(text *bufio.Reader, first string) rune {
	start, _ := text.Peek(len(first) + 1) // a shorter file has less
	for _, s := range separators {
		if string(start) == first+string(s) {
			return s
		}
	}
	return separators[0]
}

// decoded is a text as UTF-8, without a byte order mark. With the one of UTF-16 it is that, as
// spreadsheets save "Unicode text".
func decoded(r io.Reader) (*bufio.Reader, error) {
	text := bufio.NewReader(r)
	start, _ := text.Peek(len(byteOrderMark)) // a shorter file has less
	if string(start) == byteOrderMark {
		_, err := text.Discard(len(byteOrderMark))
		return text, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case !bytes.HasPrefix(start, []byte{0xff, 0xfe}):
		return text, nil
	}
	data, err := io.ReadAll(text)
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return bufio.NewReader(strings.NewReader(string(utf16.Decode(units[1:])))), err
}

// skipSeparatorLine passes over the line "sep=," with which spreadsheets tell each other the separator.
func skipSeparatorLine(text *bufio.Reader) error {
	if start, _ := text.Peek(4); string(start) != "sep=" {
		return nil
	}
	_, err := text.ReadString('\n')
	return err
}

// read parses a file written by write, also where a spreadsheet saved it again with
// a byte order mark or in UTF-16, with another separator, decimal commas beside it, empty rows and
// columns at its ends, and other ends of lines. Anything else is an error that names line and column.
func (t format[R]) read(r io.Reader) (rows []R, err error) {
	text, err := decoded(r)
	if err != nil {
		return nil, err
	}
	if err := skipSeparatorLine(text); err != nil {
		return nil, errors.New("the header is missing")
	}
	in := csv.NewReader(text)
	in.Comma, in.ReuseRecord = separator(text, t.columns[0].name), true
	header, err := in.Read()
	if err == io.EOF {
		return nil, errors.New("the header is missing")
	}
	if err != nil {
		return nil, err
	}
	empty := len(header)
	for empty > 0 && header[empty-1] == "" {
		empty--
	}
	header = header[:empty]
	want := t.header()
	if further := len(header) - len(want); further > 0 && further <= maxMeasures && t.further != nil && slices.Equal(header[:len(want)], want) {
		prefix := t.further("").name
		for _, title := range header[len(want):] {
			name, ok := strings.CutPrefix(title, prefix)
			if !ok || !measureName.MatchString(name) {
				return nil, fmt.Errorf("line 1: %q is not the column of a measure", title)
			}
			t = t.with([]string{name})
		}
	} else if !slices.Equal(header, want) {
		for i, name := range want {
			if i == len(header) || header[i] != name {
				return nil, fmt.Errorf("line 1: column %d is %.40q, not %q", i+1, append(slices.Clone(header), "")[i], name)
			}
		}
		return nil, fmt.Errorf("line 1: %d columns, while there are %d", len(header), len(want))
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(record, func(s string) bool { return s != "" }) {
			continue
		}
		for k := len(t.columns); k < len(record); k++ {
			if record[k] != "" {
				line, _ := in.FieldPos(k)
				return nil, fmt.Errorf("line %d: %.40q stands in a column without a name", line, record[k])
			}
		}
		var row R
		for k, c := range t.columns {
			err := c.read(&row, record[k])
			if err != nil && in.Comma != separators[0] {
				err = c.read(&row, strings.Replace(record[k], ",", ".", 1))
			}
			if err != nil {
				line, _ := in.FieldPos(k)
				return nil, fmt.Errorf("line %d: %s %.40q is not valid", line, c.name, record[k])
			}
		}
		rows = append(rows, row)
	}
}

// into returns a function that reads a whole file.
func (t format[R]) into(rows *[]R) func(data []byte) error {
	return func(data []byte) (err error) {
		*rows, err = t.read(bytes.NewReader(data))
		return err
	}
}

// replace returns rows with those of one unit exchanged for others, in the
// order of the files. Rows of one unit keep their order.
func (t format[R]) replace(rows []R, u Unit, fresh []R) []R {
	var out []R
	for i := range rows {
		if *t.unit(&rows[i]) != u {
			out = append(out, rows[i])
		}
	}
	for i := range fresh {
		r := fresh[i]
		*t.unit(&r) = u
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b R) int { return Compare(*t.unit(&a), *t.unit(&b)) })
	return out
}

// of returns the rows of a unit.
func (t format[R]) of(rows []R, u Unit) []R { return t.only(rows, []Unit{u}) }

// only returns the rows of some units.
func (t format[R]) only(rows []R, units []Unit) (own []R) {
	for i := range rows {
		if slices.Contains(units, *t.unit(&rows[i])) {
			own = append(own, rows[i])
		}
	}
	return own
}
