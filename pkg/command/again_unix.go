//go:build unix

package command

import "syscall"

// again has the signals after which a command should be started again, with their names.
var again = map[syscall.Signal]string{syscall.SIGUSR1: "SIGUSR1"}
