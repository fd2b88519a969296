// Package random gives random numbers that are pure functions of a seed, a
// path of names and indices, and a position. There is no global state and no
// history: a resumed run asks for the stream of step 1234 by name and gets the
// numbers that an undisturbed run would have seen, and workers that each ask
// for the stream of their own sample need no lock and no order.
//
// A [Stream] is a key and a counter. Its n-th word is a keyed variant of the
// SplitMix64 finaliser (Steele, Lea and Flood 2014) at counter n. [Stream.Child]
// derives the key of a named sub-stream; it looks at the key only, never at how
// many numbers have been drawn, so adding a draw in one place moves nothing
// anywhere else.
//
// The streams are part of what makes runs reproducible over releases: tests
// pin them to golden values, and they must not change.
package random
