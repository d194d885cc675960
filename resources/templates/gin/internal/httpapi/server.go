// Package httpapi is the HTTP face of the program.
package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
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
	gin.SetMode(gin.ReleaseMode)
	routes := gin.New()
	routes.Use(logged, gin.Recovery())
	routes.GET("/health", api.health)
	routes.GET("/", api.hello)
	return routes
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

func (api *API) hello(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"message": api.greeting})
}

// logged writes a line for each request, health checks only when they fail.
func logged(c *gin.Context) {
	started := time.Now()
	c.Next()
	if c.Request.URL.Path == "/health" && c.Writer.Status() == http.StatusOK {
		return
	}
	slog.InfoContext(c.Request.Context(), "request", "method", c.Request.Method, "path", c.Request.URL.Path,
		"status", c.Writer.Status(), "ms", time.Since(started).Milliseconds())
}
