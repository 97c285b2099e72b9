// Package packagecmd leaves out `pulumi package`.
package packagecmd

import (
	"github.com/pulumi/pulumi/pkg/v3/leftout"
	"github.com/spf13/cobra"
)

func NewPackageCmd() *cobra.Command { return leftout.Command("package") }
