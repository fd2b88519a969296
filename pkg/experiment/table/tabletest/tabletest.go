// Package tabletest reads tables that programs wrote, for tests.
package tabletest

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"
)

// Rows returns the rows of a CSV file, each with its values by column name.
func Rows(t testing.TB, path string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// Number parses a value of a table as a number.
func Number(t testing.TB, value string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
