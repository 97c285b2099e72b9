// Package s3blob leaves out states in S3: the scheme s3:// is not registered.
package s3blob
