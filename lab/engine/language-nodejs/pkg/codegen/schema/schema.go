// Package schema leaves out the making of SDKs and programs: each begins with NewLoaderClient, which fails.
package schema

import (
	"errors"

	"github.com/hashicorp/hcl/v2"
)

func NewLoaderClient(string) (*LoaderClient, error) {
	return nil, errors.New("making code was left out of the language host that the lab has built; " +
		"Pulumi's own release has it")
}

type LoaderClient struct{}

func (*LoaderClient) Close() {}

func NewCachedLoader(loader *LoaderClient) *LoaderClient { return loader }

type (
	Package           struct{}
	PackageSpec       struct{}
	ValidationOptions struct{ AllowDanglingReferences bool }
)

func BindSpec(PackageSpec, *LoaderClient, ValidationOptions) (*Package, hcl.Diagnostics, error) {
	return nil, nil, errors.ErrUnsupported
}
