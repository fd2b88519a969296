// Package reference reads reference data, with which the project's results are compared. The data
// are folders of cases. A case is a case.json with arrays in .npy files, and has a tolerance for
// every expected array.
//
// The data were computed with the published implementation of the paper. The tests of this package
// run all cases through the operations, networks, estimators and optimizers that training uses. The
// data alone determine the cases with their shapes and hyper-parameters.
package reference
