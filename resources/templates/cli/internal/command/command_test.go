package command

import (
	"bytes"
	"strings"
	"testing"
)

func run(input string, arguments ...string) (code int, out, err string) {
	var stdout, stderr bytes.Buffer
	tool := Tool{Name: "tool", Version: "1.2.3", In: strings.NewReader(input), Out: &stdout, Err: &stderr}
	return tool.Run(arguments), stdout.String(), stderr.String()
}

func TestCommandsSayWhatTheyShould(t *testing.T) {
	for _, one := range []struct {
		arguments []string
		out       string
	}{
		{[]string{"greet"}, "Hello, world!\n"},
		{[]string{"greet", "-name", "Go"}, "Hello, Go!\n"},
		{[]string{"count"}, "2 3 14\n"},
		{[]string{"count", "-lines"}, "2\n"},
		{[]string{"version"}, "tool 1.2.3\n"},
	} {
		if code, out, err := run("one two\nthree\n", one.arguments...); code != Done || out != one.out {
			t.Errorf("%v: got %d, %q, %q", one.arguments, code, out, err)
		}
	}
}

func TestWrongUseIsExitCodeTwo(t *testing.T) {
	for _, arguments := range [][]string{{}, {"nothing"}, {"greet", "-loud"}} {
		if code, _, err := run("", arguments...); code != Usage || err == "" {
			t.Errorf("%v: got %d, %q", arguments, code, err)
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	for _, arguments := range [][]string{{"help"}, {"--help"}, {"greet", "-h"}} {
		if code, _, err := run("", arguments...); code != Done || err == "" {
			t.Errorf("%v: got %d, %q", arguments, code, err)
		}
	}
}
