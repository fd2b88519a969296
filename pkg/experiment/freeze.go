package experiment

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"multiscale/pkg/command"
	"multiscale/pkg/param"
)

// freeze excludes the parameters and buffers whose names match a pattern from training. A pattern
// that matches none is an error that lists the names.
func freeze(params *param.Set, patterns []string) error {
	frozen := map[*param.Param]bool{}
	for _, pattern := range patterns {
		found := false
		for _, p := range params.All() {
			matches, err := path.Match(pattern, p.Name)
			if err != nil {
				return command.Wrong("freeze", pattern, "not a pattern", "write it like input_blocks.*")
			}
			found = found || matches
			frozen[p] = frozen[p] || matches
		}
		if !found {
			return command.Wrong("freeze", pattern, "no parameter has such a name", "there are "+summary(params.All()))
		}
	}
	if !slices.ContainsFunc(params.Params(), func(p *param.Param) bool { return !frozen[p] }) {
		return command.Wrong("freeze", strings.Join(patterns, ","), "no parameter is left to train", "leave some out")
	}
	params.Freeze(func(p *param.Param) bool { return frozen[p] })
	return nil
}

// listed is the number of names up to which an error lists all.
const listed = 12

// summary lists the names of parameters. If they are many, it lists the blocks that they belong to and the number
// in each.
func summary(params []*param.Param) string {
	var blocks []string
	count := map[string]int{}
	for _, p := range params {
		block, _, nested := strings.Cut(p.Name, ".")
		if nested && len(params) > listed {
			block += ".*"
		} else {
			block = p.Name
		}
		if count[block]++; count[block] == 1 {
			blocks = append(blocks, block)
		}
	}
	for i, block := range blocks {
		if strings.HasSuffix(block, "*") {
			blocks[i] = fmt.Sprintf("%s (%d)", block, count[block])
		}
	}
	if more := len(blocks) - 2*listed; more > 0 {
		blocks = append(blocks[:2*listed], fmt.Sprintf("%d more", more))
	}
	return strings.Join(blocks, ", ")
}
