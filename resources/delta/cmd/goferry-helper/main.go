// goferry-helper is the part of Goferry that a server may get: it is static, needs nothing, and leaves nothing running.
//
//	goferry-helper decode OLD NEW [PATCH]   makes NEW from OLD and a patch; the patch comes from stdin without PATCH or with -
package main

import (
	"os"

	"goferry/delta/internal/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:], command.Table{"decode": command.Decode}))
}
