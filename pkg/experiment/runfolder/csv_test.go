package runfolder

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestNumbersSurvive(t *testing.T) {
	for _, v := range []float64{0, 1, -1, 0.1, 1.0 / 3, 480000, 4.8e6, 1e-300, math.MaxFloat64, math.Inf(1), math.NaN(), math.SmallestNonzeroFloat64} {
		var b bytes.Buffer
		if err := historyTable.write(&b, []History{{WorkUnits: v, TrainLoss: v}}); err != nil {
			t.Fatal(err)
		}
		rows, err := historyTable.read(&b)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%v: %v, %v", v, rows, err)
		}
		for _, got := range []float64{rows[0].WorkUnits, rows[0].TrainLoss} {
			if math.Float64bits(got) != math.Float64bits(v) && !(math.IsNaN(got) && math.IsNaN(v)) {
				t.Errorf("%v became %v", v, got)
			}
		}
	}
}

func TestBrokenTables(t *testing.T) {
	const header = "strategy,seed,seconds_training,seconds_validation,images_per_second,peak_rss_bytes\n"
	for content, words := range map[string]string{
		"":                               "header is missing",
		"a,b,c,d,e,f\n":                  `column 1 is "a", not`,
		"a\n":                            `column 1 is "a", not`,
		header + "mge,1,2,3,4\n":         "wrong number of fields",
		header + "mge,-1,2,3,4,5\n":      `line 2: seed "-1" is not valid`,
		header + "mge,1,x,3,4,5\n":       `line 2: seconds_training "x" is not valid`,
		header + "mge,1,2,3,4,1e9\n":     `peak_rss_bytes "1e9" is not valid`,
		header + "\"mge,1,2,3,4,5\n":     "extraneous or missing",
		header + "m\xffge,1,2,3,4,5\n":   "strategy",
		header + "mge,1,2,3,1e999,5\n":   "images_per_second",
		header[:len(header)-3] + "x\n":   "column ",
		header + "mge,1,2,3,4,5\nmge\n":  "wrong number of fields",
		header + "mge,1,2,3,4,5\n\x00\n": "wrong number of fields",
	} {
		if _, err := timingTable.read(strings.NewReader(content)); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", content, err, words)
		}
	}
}

// TestSavedBySpreadsheet: a table with a byte order mark, in UTF-16, with the line endings of Windows, with
// empty rows, or with another separator and decimal commas is read as the original one.
func TestSavedBySpreadsheet(t *testing.T) {
	const text = "strategy,seed,seconds_training,seconds_validation,images_per_second,peak_rss_bytes\nmge,1,2.5,3,4,5\n"
	want, err := timingTable.read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	utf16of := func(s string, order binary.AppendByteOrder) (data string) {
		for _, unit := range utf16.Encode([]rune(s)) {
			data += string(order.AppendUint16(nil, unit))
		}
		return data
	}
	for name, saved := range map[string]string{
		"as it is":        text,
		"UTF-8":           "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"),
		"semicolons":      strings.NewReplacer("\n", "\r\n", ",", ";").Replace(text),
		"decimal commas":  "\ufeff" + strings.NewReplacer(",", ";", ".", ",").Replace(text),
		"tabs":            strings.NewReplacer(",", "\t", ".", ",").Replace(text),
		"empty rows":      text + ",,,,,\n,,,,,\n",
		"empty columns":   strings.ReplaceAll(text, "\n", ",,\n"),
		"its separator":   "sep=;\r\n" + strings.ReplaceAll(text, ",", ";"),
		"UTF-16 (little)": utf16of("\ufeff"+strings.ReplaceAll(text, ",", "\t"), binary.LittleEndian),
		"UTF-16 (big)":    utf16of("\ufeff"+text, binary.BigEndian),
	} {
		got, err := timingTable.read(strings.NewReader(saved))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
	if _, err := timingTable.read(strings.NewReader(strings.Replace(text, "2.5", `"2,5"`, 1))); err == nil {
		t.Error("a comma among commas is taken as a decimal one")
	}
	if _, err := timingTable.read(strings.NewReader(strings.Replace(text, "bytes\nmge,1,2.5,3,4,5", "bytes,\nmge,1,2.5,3,4,5,6", 1))); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a number without the name of its column: %v", err)
	}
	for _, short := range []string{"\xff\xfe", "\xfe\xff\x00", "\xff\xfea"} {
		if _, err := timingTable.read(strings.NewReader(short)); err == nil {
			t.Errorf("%q is taken", short)
		}
	}
}

// fuzzTable checks that every table that can be read does not change when it is written
// and read again.
func fuzzTable[R any](f *testing.F, table format[R], row R) {
	var b bytes.Buffer
	if err := table.write(&b, []R{row, row}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := table.read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := table.write(&once, rows); err != nil {
			t.Fatal(err)
		}
		rows, err = table.read(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := table.write(&twice, rows); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("%q became %q", once.Bytes(), twice.Bytes())
		}
	})
}

func FuzzSummary(f *testing.F)    { fuzzTable(f, summaryTable, result(multi).Summary) }
func FuzzInput(f *testing.F)      { fuzzTable(f, inputTable, input) }
func FuzzCrosscheck(f *testing.F) { fuzzTable(f, crosscheckTable, result(multi).Crosscheck[0]) }
func FuzzTiming(f *testing.F)     { fuzzTable(f, timingTable, result(multi).Timing) }
func FuzzHistory(f *testing.F)    { fuzzTable(f, historyTable, result(multi).History[1]) }
func FuzzMoments(f *testing.F)    { fuzzTable(f, momentTable, result(multi).Moments[1]) }

func FuzzRecord(f *testing.F) {
	data, err := record(8).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeRecord(data)
		if err != nil {
			return
		}
		again, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeRecord(again)
		if err != nil {
			t.Fatal(err)
		}
		if d := differences(r.Configuration, back.Configuration); len(d) > 0 {
			t.Fatal(d)
		}
	})
}
