module github.com/pulumi/pulumi/pkg/v3

go 1.24.1
