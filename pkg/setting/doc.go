// Package setting is the one table of what can be set for training: the name of each
// setting, its default for a task and a profile, how it is read and written, and what
// depends on it. Command lines, plan files and run.json are sources of the same text
// by name ([Values]); [Parse] makes one typed [Config] of it. A new setting is a row of
// the table, a field of Config, and the code that uses it.
package setting
