package ranks

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Place is the host, the process and the processors of a rank.
type Place struct {
	Host    string
	Process int
	// CPUs are the logical processors that the system permits, and Cores the physical cores with
	// these, each by its first logical processor. Both are empty if the system does not tell.
	CPUs, Cores []int
}

// here returns the place of this process.
func here() Place {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	p := Place{Host: host, Process: os.Getpid(), CPUs: allowed()}
	for _, cpu := range p.CPUs {
		if core := coreOf(cpu); !slices.Contains(p.Cores, core) {
			p.Cores = append(p.Cores, core)
		}
	}
	return p
}

// Threads is the default number of threads of this rank: at least one, and one for each core of its
// equal part of the cores that it may use. It shares them with the ranks on its host that may use the
// same processors. It is 0 if the system does not tell which cores these are.
func (r *Ranks) Threads() int { return threads(r.places, r.Rank()) }

func threads(places []Place, rank int) int {
	own, same := places[rank], 0
	for _, p := range places {
		if p.Host == own.Host && slices.Equal(p.CPUs, own.CPUs) {
			same++
		}
	}
	if len(own.Cores) == 0 {
		return 0
	}
	return max(1, len(own.Cores)/same)
}

// Fights describes groups of ranks that may use common cores and would have more threads than cores if
// each had asked threads. asked 0 stands for Threads.
func (r *Ranks) Fights(asked int) []string { return fights(r.places, asked) }

func fights(places []Place, asked int) (list []string) {
	told := make([]bool, len(places))
	for i, p := range places {
		if told[i] || len(p.Cores) == 0 {
			continue
		}
		names, cores, need := []string{fmt.Sprint(i)}, slices.Clone(p.Cores), demand(places, i, asked)
		for j := i + 1; j < len(places); j++ {
			q := places[j]
			if q.Host == p.Host && slices.ContainsFunc(q.Cores, func(c int) bool { return slices.Contains(cores, c) }) {
				names, need, told[j] = append(names, fmt.Sprint(j)), need+demand(places, j, asked), true
				for _, c := range q.Cores {
					if !slices.Contains(cores, c) {
						cores = append(cores, c)
					}
				}
			}
		}
		if len(names) > 1 && need > len(cores) {
			slices.Sort(cores)
			list = append(list, fmt.Sprintf("ranks %s and %s fight for core %s of %s: %d threads for %d",
				strings.Join(names[:len(names)-1], ", "), names[len(names)-1], numbers(cores), p.Host, need, len(cores)))
		}
	}
	return list
}

// demand is the number of threads of a rank.
func demand(places []Place, rank, asked int) int {
	if asked > 0 {
		return asked
	}
	return threads(places, rank)
}

// numbers writes a sorted list with ranges: 0-3,8.
func numbers(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if part := fmt.Sprint(list[i]); j > i {
			parts = append(parts, fmt.Sprintf("%s-%d", part, list[j]))
		} else {
			parts = append(parts, part)
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}
