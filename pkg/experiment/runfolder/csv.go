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
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
)

// format describes how rows of type R are written to CSV and read back. Numbers
// are written with the fewest digits that give the same float64 when read, so a
// file that is read and written again keeps its bytes.
type format[R any] struct {
	file    string
	columns []column
	// further returns the measures for which a record adds columns at the end; nil if there can be none.
	further func(Record) []string
	measure column // template for the columns of measures; its name is their common prefix
	sparse  bool   // without rows, the file does not exist
}

// column is a column of a table, and a field of its rows.
type column struct {
	name    string
	field   []int  // index, as in package reflect
	digits  string // format of a number: "plain" has no exponent; "rounded" also rounds times to milliseconds
	measure string // key in metric.Values, for the column of a measure
}

// tableOf returns the format of rows of type R. It follows from the tags of their fields: csv has a column's name and
// digits; measures lists the measures of a metric.Values field, whose csv tag is the prefix of their columns.
func tableOf[R any](file string, further func(Record) []string) format[R] {
	t := format[R]{file: file, further: further}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[R]()) {
		tag := f.Tag.Get("csv")
		if measures, ok := f.Tag.Lookup("measures"); ok {
			t.measure = column{name: tag, field: f.Index}
			t = t.with(strings.Fields(measures))
		} else if tag != "" {
			name, digits, _ := strings.Cut(tag, ",")
			t.columns = append(t.columns, column{name: name, field: f.Index, digits: digits})
		}
	}
	return t
}

// in returns the format with the columns that a record adds.
func (t format[R]) in(r Record) format[R] {
	if t.further == nil {
		return t
	}
	return t.with(t.further(r))
}

// with returns the format with columns for further measures.
func (t format[R]) with(measures []string) format[R] {
	t.columns = slices.Clone(t.columns)
	for _, name := range measures {
		c := t.measure
		c.name, c.measure = c.name+name, name
		t.columns = append(t.columns, c)
	}
	return t
}

// ifAny returns the format as that of a table without a file while it has no rows.
func (t format[R]) ifAny() format[R] {
	t.sparse = true
	return t
}

// unitOf returns the Unit that is embedded in a row.
func unitOf[R any](r *R) *Unit { return any(r).(interface{ unit() *Unit }).unit() }

// write returns the field of a row as text.
func (c column) write(row reflect.Value) string {
	switch v := row.FieldByIndex(c.field).Addr().Interface().(type) {
	case *int:
		return strconv.Itoa(*v)
	case *int64:
		return strconv.FormatInt(*v, 10)
	case *uint64:
		return strconv.FormatUint(*v, 10)
	case *float64:
		return c.number(*v)
	case *metric.Values:
		if m, ok := (*v)[c.measure]; ok {
			return c.number(m)
		}
		return ""
	case *string:
		return *v
	default:
		panic(fmt.Sprintf("runfolder: column %s is a %T", c.name, v))
	}
}

// number formats a number in the column's digits; NaN, which stands for a missing number, becomes "".
func (c column) number(v float64) string {
	form := byte('f')
	switch {
	case math.IsNaN(v):
		return ""
	case c.digits == "":
		form = 'g'
	case c.digits == "rounded" && math.Abs(v) < 1e12:
		v = math.Round(v*1000) / 1000
	}
	return strconv.FormatFloat(v, form, -1, 64)
}

// read sets the field of a row from text.
func (c column) read(row reflect.Value, s string) (err error) {
	switch v := row.FieldByIndex(c.field).Addr().Interface().(type) {
	case *int:
		*v, err = strconv.Atoi(s)
	case *int64:
		*v, err = strconv.ParseInt(s, 10, 64)
	case *uint64:
		*v, err = strconv.ParseUint(s, 10, 64)
	case *float64:
		if *v = math.NaN(); s != "" {
			*v, err = strconv.ParseFloat(s, 64)
		}
	case *metric.Values:
		if s == "" {
			return nil
		}
		if *v == nil {
			*v = metric.Values{}
		}
		(*v)[c.measure], err = strconv.ParseFloat(s, 64)
	case *string:
		if len(s) > 1000 || !utf8.ValidString(s) {
			return errors.New("too long or not text")
		}
		*v = s
	}
	return err
}

func (t format[R]) header() []string {
	return lists.Of(t.columns, func(c column) string { return c.name })
}

// write writes the header and rows.
func (t format[R]) write(w io.Writer, rows []R) error {
	out := csv.NewWriter(w)
	if err := out.Write(t.header()); err != nil {
		return err
	}
	record := make([]string, len(t.columns))
	for i := range rows {
		row := reflect.ValueOf(&rows[i]).Elem()
		for k, c := range t.columns {
			record[k] = c.write(row)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// digest returns the SHA-256 of the rows' CSV, in hexadecimal; "" if there are no rows.
func (t format[R]) digest(rows []R) string {
	if len(rows) == 0 {
		return ""
	}
	sum := sha256.New()
	_ = t.write(sum, rows) // writing to a hash cannot fail
	return hex.EncodeToString(sum.Sum(nil))
}

const byteOrderMark = "\ufeff"

// maxMeasures is the largest number of measures that a file may have in addition to the usual ones.
const maxMeasures = 32

var measureName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// separators has the separators of columns: the one that write uses, and those of spreadsheets in other languages.
var separators = []rune{',', ';', '\t'}

// separator returns the separator after the first column's name at the beginning of a file.
func separator(text *bufio.Reader, first string) rune {
	start, _ := text.Peek(len(first) + 1) // less if the file is shorter
	for _, s := range separators {
		if string(start) == first+string(s) {
			return s
		}
	}
	return separators[0]
}

// decoded returns a text in UTF-8 without its byte order mark. A text with the byte order mark of
// UTF-16 is converted: spreadsheets save "Unicode text" in this way.
func decoded(r io.Reader) (*bufio.Reader, error) {
	text := bufio.NewReader(r)
	start, _ := text.Peek(len(byteOrderMark)) // less if the text is shorter
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

// skipSeparatorLine skips a first line like "sep=,", with which some spreadsheets state the separator.
func skipSeparatorLine(text *bufio.Reader) error {
	if start, _ := text.Peek(4); string(start) != "sep=" {
		return nil
	}
	_, err := text.ReadString('\n')
	return err
}

// read parses a file that write has written, even if a spreadsheet has saved it again: with a byte order
// mark or in UTF-16, with another separator and then decimal commas, with empty rows, with empty columns at
// the end, or with other line endings. Anything else is an error that names line and column.
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
		for _, title := range header[len(want):] {
			name, ok := strings.CutPrefix(title, t.measure.name)
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
		fields := reflect.ValueOf(&row).Elem()
		for k, c := range t.columns {
			err := c.read(fields, record[k])
			if err != nil && in.Comma != separators[0] {
				err = c.read(fields, strings.Replace(record[k], ",", ".", 1))
			}
			if err != nil {
				line, _ := in.FieldPos(k)
				return nil, fmt.Errorf("line %d: %s %.40q is not valid", line, c.name, record[k])
			}
		}
		rows = append(rows, row)
	}
}

// replace returns rows with those of unit u replaced by fresh, in the order of the
// files. Rows of one unit keep their order.
func (t format[R]) replace(rows []R, u Unit, fresh []R) []R {
	var out []R
	for i := range rows {
		if *unitOf(&rows[i]) != u {
			out = append(out, rows[i])
		}
	}
	for i := range fresh {
		r := fresh[i]
		*unitOf(&r) = u
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b R) int { return Compare(*unitOf(&a), *unitOf(&b)) })
	return out
}

// of returns the rows of a unit.
func (t format[R]) of(rows []R, u Unit) []R { return t.only(rows, []Unit{u}) }

// only returns the rows of some units.
func (t format[R]) only(rows []R, units []Unit) (own []R) {
	for i := range rows {
		if slices.Contains(units, *unitOf(&rows[i])) {
			own = append(own, rows[i])
		}
	}
	return own
}
