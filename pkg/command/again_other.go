//go:build !unix

package command

import "syscall"

// again has the signals after which a command should be started again; this system has none.
var again map[syscall.Signal]string
