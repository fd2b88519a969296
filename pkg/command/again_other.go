//go:build !unix

package command

import "syscall"

// again are the signals after which a command wants to be started again; the system has none for this.
var again map[syscall.Signal]string
