package logx

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
)

func TestALineIsJSON(t *testing.T) {
	var out bytes.Buffer
	New(&out, slog.LevelInfo).Info("ready", "port", 8080)
	line := map[string]any{}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["msg"] != "ready" || line["level"] != "INFO" {
		t.Fatalf("got %s, %v", out.String(), err)
	}
}

func TestWhatIsLessUrgentIsLeftOut(t *testing.T) {
	var out bytes.Buffer
	New(&out, slog.LevelWarn).Info("ready")
	if out.Len() != 0 {
		t.Fatalf("got %s", out.String())
	}
}
