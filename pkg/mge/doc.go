// Package mge implements the paper's method: Multiscale Gradient Estimation (MGE), and the
// Full-Multiscale schedule around it.
//
// The expected gradient on the finest mesh h is a telescoping sum over meshes (section 3 of the
// paper, after Multilevel Monte Carlo):
//
//	E[g^h] = E[g^{2^L h}] + sum_{l=0}^{L-1} E[g^{2^l h} - g^{2^{l+1} h}]
//
// Each of its L+1 terms is estimated with an independent batch. Within a difference both meshes
// see the same samples, noise and t, restricted from fine to coarse. The variance of a difference
// decreases with the mesh width, so that few expensive samples correct many cheap ones.
//
// An Estimator evaluates this sum, a Stage has its meshes and batches, and a Plan is the sequence
// of stages of a strategy.
package mge
