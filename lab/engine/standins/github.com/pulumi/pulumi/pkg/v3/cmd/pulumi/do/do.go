// Package do leaves out `pulumi do`, which handles single resources without a program.
package do

import (
	"github.com/pulumi/pulumi/pkg/v3/leftout"
	"github.com/spf13/cobra"
)

func NewDoCmd(...any) *cobra.Command { return leftout.Command("do") }

func DefaultRunStatefulUpdate() {}
