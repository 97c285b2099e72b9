// Package neo leaves out `pulumi neo`.
package neo

import (
	"github.com/pulumi/pulumi/pkg/v3/leftout"
	"github.com/spf13/cobra"
)

func NewNeoCmd() *cobra.Command { return leftout.Command("neo") }
