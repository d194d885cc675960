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
	http.HandleFunc("/talk", talk)
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

// talk answers each line with the version before it, for as long as the other side likes.
func talk(w http.ResponseWriter, r *http.Request) {
	connection, both, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	fmt.Fprint(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: talk\r\n\r\n")
	both.Flush()
	for {
		line, err := both.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprint(both, os.Getenv("VERSION"), " ", line)
		both.Flush()
	}
}

func port() string {
	if p := os.Getenv("PORT"); p != "" {
		return p
	}
	return "8080"
}
