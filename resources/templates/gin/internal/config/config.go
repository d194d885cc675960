// Package config holds the settings of the program: defaults, then the file, then the environment, read by viper.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/viper"
)

// File is where the settings are looked for, in the working directory and then beside the program.
// The variable CONFIG_FILE names another one.
const File = "configs/config.yaml"

// Settings is all that can be set. Each key of the file has a variable of the same name in capitals:
// log_level is LOG_LEVEL.
type Settings struct {
	Port        int
	LogLevel    slog.Level
	StopTimeout time.Duration
	Greeting    string
}

// Load reads the file, if there is one, and then the environment through lookup (os.LookupEnv).
func Load(lookup func(string) (string, bool)) (Settings, error) {
	values := viper.New()
	values.SetDefault("port", {{port}})
	values.SetDefault("log_level", "info")
	values.SetDefault("stop_timeout", "10s")
	values.SetDefault("greeting", "Hello from {{name}}")
	if err := read(values, lookup); err != nil {
		return Settings{}, err
	}
	for _, key := range values.AllKeys() {
		if value, ok := lookup(strings.ToUpper(key)); ok && value != "" {
			values.Set(key, value)
		}
	}
	return settingsOf(values)
}

func settingsOf(values *viper.Viper) (Settings, error) {
	settings := Settings{Port: values.GetInt("port"), Greeting: values.GetString("greeting")}
	if text := values.GetString("port"); settings.Port < 0 || settings.Port > 65535 || fmt.Sprint(settings.Port) != text {
		return settings, fmt.Errorf("port: %q is not a port", text)
	}
	if err := settings.LogLevel.UnmarshalText([]byte(values.GetString("log_level"))); err != nil {
		return settings, fmt.Errorf("log_level: %w", err)
	}
	var err error
	if settings.StopTimeout, err = time.ParseDuration(values.GetString("stop_timeout")); err != nil {
		return settings, fmt.Errorf("stop_timeout: %w", err)
	}
	return settings, nil
}

// read takes the file in; none at all is fine, unless CONFIG_FILE names one.
func read(values *viper.Viper, lookup func(string) (string, bool)) error {
	if name, ok := lookup("CONFIG_FILE"); ok && name != "" {
		values.SetConfigFile(name)
		return values.ReadInConfig()
	}
	places := []string{File}
	if program, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(program), File))
	}
	for _, name := range places {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		values.SetConfigFile(name)
		return values.ReadInConfig()
	}
	return nil
}
