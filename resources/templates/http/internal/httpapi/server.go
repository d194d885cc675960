// Package httpapi is the HTTP face of the program.
package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// API answers requests. Make one with New.
type API struct {
	version  string
	greeting string
	stopping atomic.Bool
}

// New gives an API that tells its version at /health.
func New(version, greeting string) *API {
	return &API{version: version, greeting: greeting}
}

// Handler is all routes, each request logged.
func (api *API) Handler() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /health", api.health)
	routes.HandleFunc("GET /{$}", api.hello)
	return logged(routes)
}

// Serve answers on listener until ctx ends; then it lets running requests finish, for at most stopTimeout.
func (api *API) Serve(ctx context.Context, listener net.Listener, stopTimeout time.Duration) error {
	server := &http.Server{Handler: api.Handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	api.stopping.Store(true)
	patience, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return err
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (api *API) hello(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, map[string]string{"message": api.greeting})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Warn("the answer was not sent", "error", err)
	}
}

// logged writes a line for each request, health checks only when they fail.
func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started, seen := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		if r.URL.Path == "/health" && seen.status == http.StatusOK {
			return
		}
		slog.InfoContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path,
			"status", seen.status, "ms", time.Since(started).Milliseconds())
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
