module goferry/front

go 1.21
