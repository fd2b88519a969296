// Package lists has helpers for slices that package slices of the standard library lacks.
package lists

// Of returns f of each value, in order; nil if there are no values.
func Of[T, R any](values []T, f func(T) R) []R {
	if len(values) == 0 {
		return nil
	}
	all := make([]R, len(values))
	for i, v := range values {
		all[i] = f(v)
	}
	return all
}

// Number is a type of numbers.
type Number interface {
	~int | ~int32 | ~int64 | ~uint16 | ~float32 | ~float64
}

// To converts each number to type R.
func To[R, T Number](values []T) []R {
	all := make([]R, len(values))
	for i, v := range values {
		all[i] = R(v)
	}
	return all
}

// Distinct returns the first occurrence of each value, in order.
func Distinct[T comparable](values []T) (all []T) {
	seen := map[T]bool{}
	for _, v := range values {
		if !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	return all
}

// Set returns the values as the keys of a map.
func Set[T comparable](values []T) map[T]bool {
	set := make(map[T]bool, len(values))
	for _, v := range values {
		set[v] = true
	}
	return set
}

// By returns the values by key. Of values with equal keys, it keeps the last.
func By[K comparable, T any](values []T, key func(T) K) map[K]T {
	all := make(map[K]T, len(values))
	for _, v := range values {
		all[key(v)] = v
	}
	return all
}

// Find returns the first value whose key is wanted, and reports whether there is one.
func Find[K comparable, T any](values []T, key func(T) K, wanted K) (T, bool) {
	for _, v := range values {
		if key(v) == wanted {
			return v, true
		}
	}
	var none T
	return none, false
}

// Twice returns the first key that an earlier value already has, and reports whether there is one.
func Twice[K comparable, T any](values []T, key func(T) K) (K, bool) {
	seen := map[K]bool{}
	for _, v := range values {
		k := key(v)
		if seen[k] {
			return k, true
		}
		seen[k] = true
	}
	var none K
	return none, false
}

// Indices returns 0 to n-1.
func Indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Sum adds values in order.
func Sum[T Number](values []T) (sum T) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// Product returns the product of the dimensions of a shape; 1 for an empty shape.
func Product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
