// Package insights leaves out `pulumi insights`.
package insights

import (
	"github.com/pulumi/pulumi/pkg/v3/leftout"
	"github.com/spf13/cobra"
)

func NewInsightsCmd() *cobra.Command { return leftout.Command("insights") }
