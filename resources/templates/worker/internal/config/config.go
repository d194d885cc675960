// Package config holds the settings of the program: defaults, then the file, then the environment.
package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// File is where the settings are looked for, in the working directory and then beside the program.
// The variable CONFIG_FILE names another one.
const File = "configs/config.yaml"

// Settings is all that can be set. Each key of the file has a variable of the same name in capitals:
// log_level is LOG_LEVEL.
type Settings struct {
	Port        int
	LogLevel    slog.Level
	Interval    time.Duration
	QueueLength int
}

// Default is what holds when nothing is set.
func Default() Settings {
	return Settings{
		Port:        {{port}},
		LogLevel:    slog.LevelInfo,
		Interval:    5 * time.Second,
		QueueLength: 100,
	}
}

// Load reads the file, if there is one, and then the environment through lookup (os.LookupEnv).
func Load(lookup func(string) (string, bool)) (Settings, error) {
	settings := Default()
	file, err := open(lookup)
	if err != nil {
		return settings, err
	}
	if file != nil {
		defer file.Close()
		if err := settings.read(file); err != nil {
			return settings, fmt.Errorf("%s: %w", file.Name(), err)
		}
	}
	for key, set := range settings.keys() {
		name := strings.ToUpper(key)
		if value, ok := lookup(name); ok && value != "" {
			if err := set(value); err != nil {
				return settings, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return settings, nil
}

func (settings *Settings) keys() map[string]func(string) error {
	return map[string]func(string) error{
		"port": func(value string) error {
			port, err := strconv.Atoi(value)
			if err != nil || port < 0 || port > 65535 {
				return fmt.Errorf("%q is not a port", value)
			}
			settings.Port = port
			return nil
		},
		"log_level": func(value string) error {
			return settings.LogLevel.UnmarshalText([]byte(value))
		},
		"interval": func(value string) error {
			interval, err := time.ParseDuration(value)
			if err != nil || interval <= 0 {
				return fmt.Errorf("%q is not a time such as 5s", value)
			}
			settings.Interval = interval
			return nil
		},
		"queue_length": func(value string) error {
			length, err := strconv.Atoi(value)
			if err != nil || length < 1 {
				return fmt.Errorf("%q is not a length", value)
			}
			settings.QueueLength = length
			return nil
		},
	}
}

// read takes "key: value" lines, the part of YAML that flat settings need, so that no module is needed for it.
func (settings *Settings) read(from io.Reader) error {
	keys := settings.keys()
	lines := bufio.NewScanner(from)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, found := strings.Cut(line, ":")
		set, known := keys[strings.TrimSpace(key)]
		if !found || !known {
			return fmt.Errorf("line %d: %q is no setting", number, line)
		}
		if err := set(plain(value)); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return lines.Err()
}

// plain takes quotes, or the comment behind an unquoted value, away.
func plain(value string) string {
	value = strings.TrimSpace(value)
	if quoted, err := strconv.Unquote(value); err == nil {
		return quoted
	}
	value, _, _ = strings.Cut(value, " #")
	return strings.TrimSpace(value)
}

// open finds the file; none at all is fine, unless CONFIG_FILE names one.
func open(lookup func(string) (string, bool)) (*os.File, error) {
	if name, ok := lookup("CONFIG_FILE"); ok && name != "" {
		return os.Open(name)
	}
	places := []string{File}
	if program, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(program), File))
	}
	for _, name := range places {
		file, err := os.Open(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return nil, nil
}
