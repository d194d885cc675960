module goferry/delta

go 1.21
