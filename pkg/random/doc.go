// Package random generates random numbers that are pure functions of a seed, a path of names
// and indices, and a position. There is no global state and no history. A resumed run asks for
// the stream of step 1234 by name and gets the same numbers as an uninterrupted run. Workers
// that each ask for the stream of their own sample need no lock and no order.
//
// A [Stream] is a key and a counter. Its n-th word is a keyed variant of the SplitMix64
// finaliser (Steele, Lea and Flood 2014) at counter n. [Stream.Child] derives the key of a named
// sub-stream. It depends only on the key and not on how many numbers have been drawn, so that an
// additional draw in one place changes no number elsewhere.
//
// Runs are reproducible across releases only if the streams do not change. Tests pin them to
// golden values.
package random
