package command_test

import (
	"fmt"

	"multiscale/pkg/command"
)

// A command with its own flags; its main function would be command.Main("greet", ...).
func Example() {
	name, times := "world", 1
	f := command.NewFlags("greet", "greets.")
	f.String(&name, "name", "NAME", "whom to greet")
	f.Int(&times, "times", "N", 1, 3, "1", "how often")

	fmt.Println(f.Parse([]string{"-name", "Ada", "-times", "2"}), name, times)
	// Output:
	// <nil> Ada 2
}
