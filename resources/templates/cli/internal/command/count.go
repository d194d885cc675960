package command

import (
	"fmt"

	"{{module}}/pkg/textx"
)

func count(tool Tool, arguments []string) error {
	flags := tool.flags("count")
	brief := flags.Bool("lines", false, "lines only")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	counts, err := textx.Count(tool.In)
	if err != nil {
		return err
	}
	if *brief {
		_, err = fmt.Fprintln(tool.Out, counts.Lines)
	} else {
		_, err = fmt.Fprintln(tool.Out, counts.Lines, counts.Words, counts.Bytes)
	}
	return err
}
