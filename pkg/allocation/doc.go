// Package allocation chooses the batches of the terms of Multiscale Gradient Estimation from
// measured variances.
//
// The variance of the estimate is the sum of V_l/N_l over its terms. At a given cost it is
// smallest for N_l proportional to sqrt(V_l/C_l) (Giles 2015, section 1.3). V_l is the variance
// of a term for one sample and C_l the cost of a sample. Pilots measure V_l. A Method determines
// when, and a Decision is the result of a pilot. An mge.Plan and the decisions so far give the
// plan of the iterations up to the next pilot.
package allocation
