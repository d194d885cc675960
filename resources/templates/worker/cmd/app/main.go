// Command app is the background worker of {{name}}.
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
	"{{module}}/internal/health"
	"{{module}}/internal/worker"
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
	queue := worker.NewQueue(settings.QueueLength)
	work := worker.New(queue, worker.Print, settings.Interval)
	answers := health.Serve(listener, version, work.Healthy)
	defer answers.Close()

	slog.Info("working", "interval", settings.Interval.String(), "health", listener.Addr().String(), "version", version)
	go worker.Tick(ctx, queue, settings.Interval)
	work.Run(ctx)
	slog.Info("stopped in order")
	return nil
}
