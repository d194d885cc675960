// Command app serves the HTTP API of {{name}}.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"{{module}}/internal/config"
	"{{module}}/internal/httpapi"
	"{{module}}/pkg/logx"
)

// version is stamped by the build: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() {
	if err := run(); err != nil {
		slog.Error("stopped", "error", err)
		os.Exit(1)
	}
}

func run() error {
	settings, err := config.Load(os.LookupEnv)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	slog.SetDefault(logx.New(os.Stdout, settings.LogLevel))

	// docker stop and Ctrl+C both end the program in order
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	// no host name: in a container, 127.0.0.1 could not be reached from outside
	listener, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(settings.Port)))
	if err != nil {
		return err
	}
	slog.Info("listening", "address", listener.Addr().String(), "version", version)
	api := httpapi.New(version, settings.Greeting)
	if err := api.Serve(ctx, listener, settings.StopTimeout); err != nil {
		return err
	}
	slog.Info("stopped in order")
	return nil
}
