// Package leftout says what is missing in an engine that the lab has built; all stand-ins share it.
package leftout

import (
	"fmt"

	"github.com/spf13/cobra"
)

// Error is what a part that was left out answers.
func Error(part string) error {
	return fmt.Errorf("%s: left out of the engine that the lab has built; Pulumi's own release has it", part)
}

// Command keeps the name of a command that was left out, so that calling it says so.
func Command(name string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return Error("pulumi " + name)
		},
	}
}
