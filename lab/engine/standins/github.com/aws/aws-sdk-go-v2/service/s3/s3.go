// Package s3 is the one type by which the backend knows a copy within S3.
package s3

type CopyObjectInput struct{ CopySource *string }
