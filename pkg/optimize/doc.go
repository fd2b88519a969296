// Package optimize updates parameters: a Rule is a method such as Adam, an Optimizer
// applies it to a flat vector of parameters, and a Schedule is the learning rate over
// the steps. Methods and Schedules own the names that command lines use.
package optimize
