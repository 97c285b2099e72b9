// Package gcsblob leaves out states in Google's storage: the scheme gs:// is not registered.
package gcsblob

const Scheme = "gs"
