// Package command holds the subcommands of the tool.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"sort"
)

// Exit codes: as every shell expects them.
const (
	Done   = 0
	Failed = 1
	Usage  = 2
)

// Tool is the program with its name, version and streams.
type Tool struct {
	Name    string
	Version string
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
}

type command struct {
	about string
	run   func(tool Tool, arguments []string) error
}

func commands() map[string]command {
	return map[string]command{
		"greet":   {"say hello", greet},
		"count":   {"count lines, words and bytes of the input", count},
		"version": {"tell the version", tellVersion},
	}
}

// Run does what the arguments say and gives the exit code.
func (tool Tool) Run(arguments []string) int {
	if len(arguments) == 0 || arguments[0] == "help" || arguments[0] == "-h" || arguments[0] == "--help" {
		tool.help()
		if len(arguments) == 0 {
			return Usage
		}
		return Done
	}
	chosen, known := commands()[arguments[0]]
	if !known {
		fmt.Fprintf(tool.Err, "%s: there is no command %q\n", tool.Name, arguments[0])
		tool.help()
		return Usage
	}
	return tool.code(chosen.run(tool, arguments[1:]))
}

func (tool Tool) code(err error) int {
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return Done
	case errors.As(err, &wrong):
		return Usage
	default:
		fmt.Fprintf(tool.Err, "%s: %v\n", tool.Name, err)
		return Failed
	}
}

func (tool Tool) help() {
	fmt.Fprintf(tool.Err, "Usage: %s COMMAND [OPTIONS]\n\n", tool.Name)
	all := commands()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(tool.Err, "  %-10s %s\n", name, all[name].about)
	}
}

// usageError is a wrong option, which the flag package has told already.
type usageError struct{ error }

func (tool Tool) flags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(tool.Name+" "+name, flag.ContinueOnError)
	flags.SetOutput(tool.Err)
	return flags
}

func parse(flags *flag.FlagSet, arguments []string) error {
	err := flags.Parse(arguments)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	return usageError{err}
}
