//go:build !unix

package limit

// PeakRSS returns 0: the largest resident size is not known on this system.
func PeakRSS() int64 { return 0 }
