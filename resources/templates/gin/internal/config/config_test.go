package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

func TestDefaultsHoldWhenNothingIsSet(t *testing.T) {
	settings, err := Load(environment(nil))
	if err != nil || settings.Port != {{port}} || settings.LogLevel != slog.LevelInfo {
		t.Fatalf("got %+v, %v", settings, err)
	}
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := "# ours\nport: 9000\nlog_level: warn # quiet\nstop_timeout: \"3s\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := Load(environment(map[string]string{"CONFIG_FILE": file, "PORT": "9100"}))
	if err != nil {
		t.Fatal(err)
	}
	if settings.Port != 9100 || settings.LogLevel != slog.LevelWarn || settings.StopTimeout != 3*time.Second {
		t.Fatalf("got %+v", settings)
	}
}

func TestAWrongValueIsNamed(t *testing.T) {
	for name, value := range map[string]string{"PORT": "eighty", "LOG_LEVEL": "loud", "STOP_TIMEOUT": "soon"} {
		if _, err := Load(environment(map[string]string{name: value})); err == nil {
			t.Errorf("%s=%s was taken", name, value)
		}
	}
}

func TestTheFileThatComesAlongCanBeRead(t *testing.T) {
	file := filepath.Join("..", "..", filepath.FromSlash(File))
	if _, err := Load(environment(map[string]string{"CONFIG_FILE": file})); err != nil {
		t.Fatal(err)
	}
}
