//go:build unix

package limit

import (
	"runtime"
	"syscall"
)

// PeakRSS returns the largest resident size of the process so far, in bytes; 0 if it is not known.
func PeakRSS() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss) // bytes on these systems, KiB on others
	}
	return int64(usage.Maxrss) << 10
}
