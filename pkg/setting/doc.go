// Package setting has one table of all settings of training: the name of each setting,
// its default for a task and a profile, how it is read and written, and what depends on
// it. Command lines, plan files and run.json all give settings as text by name
// ([Values]); [Parse] turns them into a typed [Config]. A new setting needs a row of the
// table, a field of Config, and the code that uses it.
package setting
