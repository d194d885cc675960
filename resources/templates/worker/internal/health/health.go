// Package health answers at /health, so that a server can tell a working program from a stuck one.
package health

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Serve answers on listener until the server is closed: 200 while healthy says so, else 503.
func Serve(listener net.Listener, version string, healthy func() bool) *http.Server {
	server := &http.Server{Handler: Handler(version, healthy), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("health is not served", "error", err)
		}
	}()
	return server
}

// Handler is the one route.
func Handler(version string, healthy func() bool) http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		status, word := http.StatusOK, "ok"
		if !healthy() {
			status, word = http.StatusServiceUnavailable, "stuck"
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"status": word, "version": version})
	})
	return routes
}
