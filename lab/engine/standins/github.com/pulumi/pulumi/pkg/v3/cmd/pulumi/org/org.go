// Package org leaves out `pulumi org`.
package org

import (
	"github.com/pulumi/pulumi/pkg/v3/leftout"
	"github.com/spf13/cobra"
)

func NewOrgCmd() *cobra.Command { return leftout.Command("org") }
