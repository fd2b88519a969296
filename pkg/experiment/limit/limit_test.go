package limit

import (
	"fmt"
	"math"
	"testing"
	"testing/fstest"
)

const gib = 1 << 30

func TestLowest(t *testing.T) {
	meminfo := fmt.Sprintf("MemTotal:       %d kB\nMemFree:         1 kB\n", 16*gib>>10)
	for _, tc := range []struct {
		name  string
		files map[string]string
		soft  int64
		want  Limit
	}{
		{"nothing known", nil, math.MaxInt64, none},
		{"GOMEMLIMIT", map[string]string{"proc/meminfo": meminfo}, 2 * gib, Limit{2 * gib, "GOMEMLIMIT"}},
		{"machine", map[string]string{"proc/meminfo": meminfo}, 32 * gib, Limit{16 * gib, "the machine's memory"}},
		{"version 2, limit of a group above", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/job/step\n",
			"sys/fs/cgroup/job/step/memory.max": "max\n", "sys/fs/cgroup/job/memory.max": "3221225472\n",
		}, math.MaxInt64, Limit{3 * gib, "the control group (/sys/fs/cgroup/job/memory.max)"}},
		{"version 2 in a container that hides its path", map[string]string{
			"proc/self/cgroup": "0::/../../docker/x\n", "sys/fs/cgroup/memory.max": "1073741824\n",
		}, math.MaxInt64, Limit{gib, "the control group (/sys/fs/cgroup/memory.max)"}},
		{"version 1", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu,memory:/docker/x\n4:devices:/\n",
			"sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "1073741824\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":          "9223372036854771712\n", // how version 1 writes "none"
		}, math.MaxInt64, Limit{gib, "the control group (/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes)"}},
		{"rubbish", map[string]string{
			"proc/meminfo": "MemTotal: many kB\n", "proc/self/cgroup": "x\n0::\n", "sys/fs/cgroup/memory.max": "-1\n",
		}, math.MaxInt64, none},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range tc.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			got, ok := lowest(root, tc.soft)
			if got != tc.want || ok != (tc.want != none) {
				t.Errorf("%+v, %v, want %+v", got, ok, tc.want)
			}
		})
	}
}

func Example() {
	if l, ok := Lowest(); ok && l.Bytes > 0 {
		fmt.Println("there is a limit")
	} else {
		fmt.Println("none is known")
	}
}
