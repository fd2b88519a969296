// Package unsupported has the error of pictures that are not read.
package unsupported

import "errors"

// Kind is the error for a file that is sound as far as can be seen, but of a kind that
// is not read: the text names the kind. It is an errors.ErrUnsupported.
type Kind string

func (k Kind) Error() string { return string(k) }

func (Kind) Is(target error) bool { return target == errors.ErrUnsupported }
