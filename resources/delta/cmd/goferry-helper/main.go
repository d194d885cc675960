//go:build linux

// goferry-helper is the part of Goferry that a server may get where it has no Python: it is static, needs nothing, is on
// no PATH and leaves nothing running.
//
//	goferry-helper decode OLD NEW [PATCH]   makes NEW from OLD and a patch; the patch comes from stdin without PATCH or with -
//	goferry-helper serve [once]             takes wishes on stdin (internal/carry); once: removes itself first
//	goferry-helper check                    whether it can run here: says its architecture
package main

import (
	"fmt"
	"os"
	"runtime"

	"goferry/delta/internal/carry"
	"goferry/delta/internal/command"
)

func main() {
	table := command.Table{"decode": command.Decode, "serve": serve, "check": check}
	os.Exit(command.Run(os.Args[1:], table))
}

func serve(args []string) error {
	if len(args) == 1 && args[0] == "once" {
		carry.Leave()
	} else if len(args) != 0 {
		return command.ErrUsage
	}
	return carry.Serve(os.Stdin, os.Stdout)
}

func check(args []string) error {
	_, err := fmt.Println(runtime.GOARCH)
	return err
}
