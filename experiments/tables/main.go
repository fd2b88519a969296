// Command tables makes a paper's tables from run folders: final errors, costs, and
// work until the error of single-scale training; as CSV, Markdown and LaTeX, and
// as one HTML file with curves and pictures.
//
//	go run ./experiments/tables [-runs DIR ...] [-out DIR]
//	go run ./experiments/tables -plan experiments/plans/cpu.yaml [-run] [-root NAME=DIR ...]
//
// With a plan it prints what is finished, what is missing and its cost; -run
// trains what is missing.
package main

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/tables"
	"multiscale/pkg/program"
)

func main() { program.Command("tables", catalog.Catalog{}, tables.Main) }
