package command

import "fmt"

func greet(tool Tool, arguments []string) error {
	flags := tool.flags("greet")
	name := flags.String("name", "world", "whom to greet")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	_, err := fmt.Fprintf(tool.Out, "Hello, %s!\n", *name)
	return err
}

func tellVersion(tool Tool, arguments []string) error {
	if err := parse(tool.flags("version"), arguments); err != nil {
		return err
	}
	_, err := fmt.Fprintf(tool.Out, "%s %s\n", tool.Name, tool.Version)
	return err
}
