// Package nodejs is never reached: see ../schema.
package nodejs

import (
	"errors"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

func GeneratePackage(
	string, *schema.Package, map[string][]byte, map[string]string, bool, *schema.LoaderClient,
) (map[string][]byte, error) {
	return nil, errors.ErrUnsupported
}

func GenerateProgram(*pcl.Program) (map[string][]byte, hcl.Diagnostics, error) {
	return nil, nil, errors.ErrUnsupported
}

func GenerateProject(string, workspace.Project, *pcl.Program, map[string]string, bool) error {
	return errors.ErrUnsupported
}
