// Package retry is the one type that errors are compared with. Calling again is for the stores of clouds alone,
// and brings Google's API modules, of nearly 400 MB.
package retry

type ContextError struct{ CtxErr, FuncErr error }

func (e *ContextError) Error() string { return e.CtxErr.Error() }
