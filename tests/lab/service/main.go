// A service whose behaviour comes from its environment, for tests of deploys.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "check" {
		if os.Getenv("BEHAVIOUR") == "sick" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	version := os.Getenv("VERSION")
	fmt.Println("starting", version)
	if os.Getenv("BEHAVIOUR") == "exit" {
		fmt.Fprintln(os.Stderr, "panic: no database")
		os.Exit(3)
	}
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {
		if os.Getenv("BEHAVIOUR") == "sick" {
			http.Error(w, "no database", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %d", version, len(os.Getenv("TOKEN")))
	})
	go func() {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		<-stop
		time.Sleep(20 * time.Millisecond)
		os.Exit(0)
	}()
	if err := http.ListenAndServe(":"+port(), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func port() string {
	if p := os.Getenv("PORT"); p != "" {
		return p
	}
	return "8080"
}
