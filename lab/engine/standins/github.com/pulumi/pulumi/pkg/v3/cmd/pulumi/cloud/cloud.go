// Package cloud leaves out `pulumi api`, which speaks to Pulumi's service.
package cloud

import (
	"github.com/pulumi/pulumi/pkg/v3/leftout"
	"github.com/spf13/cobra"
)

func NewAPICmd() *cobra.Command { return leftout.Command("api") }

// APIError is never returned; the commands ask each error whether it is one.
type APIError struct {
	ExitCode int
	Silent   bool
	error
}
