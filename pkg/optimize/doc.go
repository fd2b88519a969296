// Package optimize updates parameters. A Rule is a method such as Adam, an Optimizer applies it
// to a flat vector of parameters, and a Schedule gives the learning rate of each step. Methods
// and Schedules define the names that command lines use.
package optimize
