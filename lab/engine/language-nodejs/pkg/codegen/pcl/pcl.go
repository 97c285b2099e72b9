// Package pcl is never reached: see ../schema.
package pcl

import (
	"errors"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

type (
	Program    struct{}
	BindOption struct{}
)

var PreferOutputVersionedInvokes BindOption

func Loader(*schema.LoaderClient) BindOption { return BindOption{} }

func NonStrictBindOptions() []BindOption { return nil }

func BindDirectory(string, *schema.LoaderClient, ...BindOption) (*Program, hcl.Diagnostics, error) {
	return nil, nil, errors.ErrUnsupported
}

func BindProgram([]*syntax.File, ...BindOption) (*Program, hcl.Diagnostics, error) {
	return nil, nil, errors.ErrUnsupported
}
