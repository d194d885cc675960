package front

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Wait is a wish to be told when a target has nothing more to do, or after some seconds.
type Wait struct {
	Address string
	Seconds float64
}

// Control answers those who may change where requests go: whoever can open its socket.
func Control(routes *Routes) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/routes", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			var wanted Targets
			if !read(w, r, &wanted) {
				return
			}
			if err := routes.Put(wanted); err != nil {
				http.Error(w, err.Error(), http.StatusConflict)
				return
			}
		}
		tell(w, appendList(nil, routes.Status()))
	})
	mux.HandleFunc("/probe", func(w http.ResponseWriter, r *http.Request) {
		var asked Question
		if read(w, r, &asked) {
			tell(w, Probe(asked).appendTo(nil))
		}
	})
	mux.HandleFunc("/drain", func(w http.ResponseWriter, r *http.Request) {
		var asked Wait
		if read(w, r, &asked) {
			busy := routes.Busy(asked.Address, time.Duration(asked.Seconds*float64(time.Second)))
			tell(w, append(appendNumber([]byte(`{"busy":`), float64(busy)), '}'))
		}
	})
	return mux
}

func read(w http.ResponseWriter, r *http.Request, into interface{ take([]byte) error }) bool {
	content, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = into.take(content)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

func tell(w http.ResponseWriter, content []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(content, '\n'))
}

// Ask sends a wish, or none, to the front behind a socket. One that is being started is waited for.
func Ask(socket, method, path string, wish Wish) ([]byte, error) {
	var content []byte
	if wish != nil {
		content = wish.appendTo(nil)
	}
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return patient(ctx, socket) },
	}}
	request, err := http.NewRequest(method, "http://front"+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(said)))
	}
	return said, err
}

const comes = 5 * time.Second

func patient(ctx context.Context, socket string) (net.Conn, error) {
	var dialer net.Dialer
	for until := time.Now().Add(comes); ; {
		connection, err := dialer.DialContext(ctx, "unix", socket)
		if err == nil || time.Now().After(until) {
			return connection, err
		}
		if !pause(ctx, nil) {
			return nil, ctx.Err()
		}
	}
}
