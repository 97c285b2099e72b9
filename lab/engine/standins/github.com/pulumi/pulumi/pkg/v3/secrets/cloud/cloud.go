// Package cloud leaves out secrets under keys of AWS, Azure, Google and Vault.
package cloud

import (
	"encoding/json"

	"github.com/pulumi/pulumi/pkg/v3/leftout"
	"github.com/pulumi/pulumi/pkg/v3/secrets"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// Type is the name that a state has for such a key.
const Type = "cloud"

var errLeftOut = leftout.Error("secrets under a cloud's key")

func EditProjectStack(*workspace.ProjectStack, json.RawMessage) error { return errLeftOut }

func NewCloudSecretsManager(*workspace.ProjectStack, string, bool) (secrets.Manager, error) {
	return nil, errLeftOut
}

func NewCloudSecretsManagerFromState(json.RawMessage) (secrets.Manager, error) {
	return nil, errLeftOut
}
