// goferry-front is the program in the container that owns an app's port.
//
//	front serve                      passes requests on, until it is told to end
//	front route ADDRESS=WEIGHT...    where requests go from now on; answers when they do
//	front status                     where they go, and what each target has to do
//	front probe ADDRESS PATH SECONDS the health of a target, as a request would reach it
//	front await ADDRESS PATH SECONDS waits until a target was well twice in a row; fails when it is not by then
//	front drain ADDRESS SECONDS      waits until a target has nothing more to do; {"busy": 0} when it has not
//
// All but the first speak to the one that serves, by its socket. Their answers are JSON.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"goferry/front"
)

var errUsage = errors.New("usage: front serve | route ADDRESS=WEIGHT... | status | probe ADDRESS PATH SECONDS |" +
	" await ADDRESS PATH SECONDS | drain ADDRESS SECONDS")

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	folder := setting("FRONT_STATE", "/state")
	switch name, rest := args[0], args[1:]; {
	case name == "serve" && len(rest) == 0:
		return serve(folder)
	case name == "route":
		targets, err := targets(rest)
		if err != nil {
			return err
		}
		return ask(folder, http.MethodPut, "/routes", targets)
	case name == "status" && len(rest) == 0:
		return ask(folder, http.MethodGet, "/routes", nil)
	case name == "probe" && len(rest) == 3:
		seconds, err := strconv.ParseFloat(rest[2], 64)
		if err != nil {
			return err
		}
		return ask(folder, http.MethodPost, "/probe", front.Question{Address: rest[0], Path: rest[1], Timeout: seconds})
	case name == "await" && len(rest) == 3:
		seconds, err := strconv.ParseFloat(rest[2], 64)
		if err != nil {
			return err
		}
		return front.Await(front.Question{Address: rest[0], Path: rest[1], Timeout: 2}, time.Duration(seconds*float64(time.Second)))
	case name == "drain" && len(rest) == 2:
		seconds, err := strconv.ParseFloat(rest[1], 64)
		if err != nil {
			return err
		}
		return ask(folder, http.MethodPost, "/drain", front.Wait{Address: rest[0], Seconds: seconds})
	}
	return errUsage
}

func targets(words []string) (front.Targets, error) {
	found := front.Targets{}
	for _, word := range words {
		at := strings.LastIndex(word, "=")
		if at < 0 {
			return nil, errUsage
		}
		weight, err := strconv.Atoi(word[at+1:])
		if err != nil {
			return nil, err
		}
		found = append(found, front.Target{Address: word[:at], Weight: weight})
	}
	return found, nil
}

func ask(folder, method, path string, wish front.Wish) error {
	said, err := front.Ask(filepath.Join(folder, "control"), method, path, wish)
	if err == nil {
		_, err = os.Stdout.Write(said)
	}
	return err
}

func serve(folder string) error {
	syscall.Umask(0o007)
	routes, err := front.Open(filepath.Join(folder, "routes.json"))
	if err != nil {
		log.Printf("the routes of last time: %v", err)
	}
	socket := filepath.Join(folder, "control")
	os.Remove(socket) // of one that was killed
	control, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	door, err := net.Listen("tcp", setting("FRONT_LISTEN", ":8080"))
	if err != nil {
		return err
	}
	public := &http.Server{
		Handler:           front.NewProxy(routes, setting("FRONT_TRUST", "") == "1"),
		ReadHeaderTimeout: time.Minute,
		IdleTimeout:       3 * time.Minute,
	}
	private := &http.Server{Handler: front.Control(routes), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 2)
	go func() { ended <- private.Serve(control) }()
	go func() { ended <- public.Serve(door) }()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-ended:
		return err
	case <-asked:
	}
	limit, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	err = public.Shutdown(limit)
	private.Close()
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // what was asked last is still being answered, and the engine waits no longer
	}
	return err
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
