package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestShare: of the NEON instructions in the product's inner loops over four steps and over
// rows, at least minShare are multiply-adds.
func TestShare(t *testing.T) {
	const minShare = 0.7
	text, err := os.ReadFile("../lanes_arm64.s")
	if err != nil {
		t.Fatal(err)
	}
	product, _, _ := strings.Cut(string(text), "TEXT ·gatherNEON")
	_, product, found := strings.Cut(product, "TEXT ·productNEON_2")
	loops := regexp.MustCompile(`(?m)^((?:fours|row)_\d+):$`).FindAllStringSubmatchIndex(product, -1)
	if !found || len(loops) != 2*maxGroups {
		t.Fatalf("found %d inner loops, want %d", len(loops), 2*maxGroups)
	}
	for _, at := range loops {
		label := product[at[2]:at[3]]
		body, _, found := strings.Cut(product[at[1]:], "BNE "+label+"\n")
		if !found {
			t.Fatalf("%s has no end", label)
		}
		all, sums := strings.Count(body, "WORD"), strings.Count(body, "// fmla")
		if share := float64(sums) / float64(all); share < minShare {
			t.Errorf("%s: %d of %d NEON instructions are multiply-adds", label, sums, all)
		}
	}
}
