// Command tables brings run folders together into a paper's tables: what
// strategies end with, what they cost, and when they are as good as single-scale
// training; as CSV, Markdown and LaTeX, and as one HTML file with curves and
// pictures.
//
//	go run ./experiments/tables [-runs DIR ...] [-out DIR]
//	go run ./experiments/tables -plan experiments/plans/cpu.yaml [-run] [-root NAME=DIR ...]
//
// With a plan it says what is finished, what is missing and what that costs; -run
// trains what is missing.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/tables"
	"multiscale/pkg/program"
)

func main() { program.Command("tables", catalog.Catalog{}, tables.Main) }
