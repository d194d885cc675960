module {{module}}

go {{go_version}}

// "go mod tidy" adds gin and viper here, the newest that there are.
