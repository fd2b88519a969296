// Package limit returns how much memory the process has used, and how much it may use by
// the machine's memory, by its control groups (the limit of a container or of a batch
// system), and by GOMEMLIMIT.
package limit

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// Limit is an upper bound of the memory of this process.
type Limit struct {
	Bytes int64
	Name  string // of its source, for messages
}

// Lowest returns the lowest known limit; ok is false if there is none. The limits of
// machine and control groups are known on Linux only.
func Lowest() (l Limit, ok bool) {
	// A negative number returns the current limit without changing it.
	return lowest(os.DirFS("/"), debug.SetMemoryLimit(-1))
}

// lowest is Lowest with the root of the file system, and with the limit of the Go
// runtime as soft, which is math.MaxInt64 if there is none.
func lowest(root fs.FS, soft int64) (l Limit, ok bool) {
	l.Bytes = math.MaxInt64
	for _, other := range append(groups(root), machine(root), Limit{soft, "GOMEMLIMIT"}) {
		if other.Bytes < l.Bytes {
			l, ok = other, true
		}
	}
	return l, ok
}

// none is a limit that does not limit.
var none = Limit{Bytes: math.MaxInt64}

// machine returns the machine's total memory. It does not use the free memory, which
// changes from one second to the next.
func machine(root fs.FS) Limit {
	data, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return none
	}
	for line := range bytes.Lines(data) {
		if fields := strings.Fields(string(line)); len(fields) == 3 && fields[0] == "MemTotal:" {
			if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil && kib < math.MaxInt64>>10 {
				return Limit{kib << 10, "the machine's memory"}
			}
		}
	}
	return none
}

// groups returns the limits of the process's control groups, of version 1 and 2, and
// of their parents. In a container, the path of the group may not exist; the root of
// the hierarchy is then the container's group.
func groups(root fs.FS) (list []Limit) {
	data, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(data) {
		// number:controllers:path; version 2 has number 0 and no controllers.
		parts := strings.SplitN(strings.TrimSpace(string(line)), ":", 3)
		if len(parts) != 3 {
			continue
		}
		var base, file string
		switch {
		case parts[0] == "0" && parts[1] == "":
			base, file = "sys/fs/cgroup", "memory.max"
		case strings.Contains(","+parts[1]+",", ",memory,"):
			base, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			name := path.Join(base, at, file)
			if text, err := fs.ReadFile(root, name); err == nil {
				// "max" stands for no limit.
				if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
					list = append(list, Limit{n, "the control group (/" + name + ")"})
				}
			}
			if at == "/" {
				break
			}
		}
	}
	return list
}
