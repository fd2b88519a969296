// Package reference reads the reference data that the project's numbers are
// checked against: folders of cases, each a case.json beside arrays in .npy
// files, with a tolerance for every array that is expected.
//
// The data were computed with the published implementation of the paper. The
// tests of this package run all of them, through the operations, networks,
// estimators and optimizers that training uses; which cases there are, and with
// which shapes and hyper-parameters, is the data's business alone.
package reference
