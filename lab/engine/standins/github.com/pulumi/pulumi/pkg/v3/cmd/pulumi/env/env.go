// Package env leaves out `pulumi env`.
package env

import (
	"github.com/pulumi/pulumi/pkg/v3/leftout"
	"github.com/spf13/cobra"
)

func NewEnvCmd() *cobra.Command { return leftout.Command("env") }
