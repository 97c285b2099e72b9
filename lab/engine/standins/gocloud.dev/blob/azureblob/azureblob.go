// Package azureblob leaves out states in Azure: the scheme azblob:// is not registered, so nothing gets here.
package azureblob

import (
	"context"
	"errors"
	"net/url"

	"gocloud.dev/blob"
)

const Scheme = "azblob"

type ServiceURLOptions struct{}

func NewDefaultServiceURLOptions() *ServiceURLOptions { return &ServiceURLOptions{} }

func NewDefaultClient() {}

type URLOpener struct {
	MakeClient        func()
	ServiceURLOptions ServiceURLOptions
}

func (*URLOpener) OpenBucketURL(context.Context, *url.URL) (*blob.Bucket, error) {
	return nil, errors.ErrUnsupported
}
