// Package mge is the method of the paper: Multiscale Gradient Estimation, and
// the Full-Multiscale schedule around it.
//
// The expected gradient on the finest mesh h is a telescoping sum over meshes
// (paper, section 3, after Multilevel Monte Carlo):
//
//	E[g^h] = E[g^{2^L h}] + sum_{l=0}^{L-1} E[g^{2^l h} - g^{2^{l+1} h}]
//
// Each of its L+1 terms is estimated with an independent batch. Within a
// difference both meshes see the same samples, the same noise and the same t,
// restricted from fine to coarse: the variance of a difference falls with the mesh
// width, so that few expensive samples correct many cheap ones.
//
// Estimator is that sum, Stage has its meshes and batches, and Plan is the
// sequence of stages of a strategy.
package mge
