// Command app is the command-line tool {{name}}.
package main

import (
	"os"

	"{{module}}/internal/command"
)

// version is stamped by the build: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() {
	tool := command.Tool{Name: "{{name}}", Version: version, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	os.Exit(tool.Run(os.Args[1:]))
}
