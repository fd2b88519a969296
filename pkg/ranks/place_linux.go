package ranks

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// allowed returns the logical processors on which the process may run, or nil on an error.
func allowed() (list []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	for cpu := 0; len(list) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			list = append(list, cpu)
		}
	}
	return list
}

// coreOf returns the first logical processor of the core of cpu, or cpu itself if that is unknown.
func coreOf(cpu int) int {
	data, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	if err != nil {
		return cpu
	}
	first := strings.FieldsFunc(string(data), func(r rune) bool { return r < '0' || r > '9' })
	if len(first) == 0 {
		return cpu
	}
	core, err := strconv.Atoi(first[0])
	if err != nil {
		return cpu
	}
	return core
}
