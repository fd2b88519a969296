//go:build unix

package command

import "syscall"

// again are the signals after which a command wants to be started again.
var again = map[syscall.Signal]string{syscall.SIGUSR1: "SIGUSR1"}
