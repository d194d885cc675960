package front

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Question is one look at a target's health; without a path, whether it takes a connection.
type Question struct {
	Address string
	Path    string
	Timeout float64
}

// Finding is what such a look found: exactly one of these, in the words of Goferry's other probes.
type Finding struct {
	Line    string
	Open    int
	Silent  float64
	Lost    string
	Refused string
	MS      float64
}

// Probe asks a target for its health as a request would reach it.
func Probe(q Question) Finding {
	started := time.Now()
	found := probe(q, started)
	found.MS = float64(time.Since(started).Microseconds()) / 1000
	return found
}

func probe(q Question, started time.Time) Finding {
	limit := started.Add(time.Duration(q.Timeout * float64(time.Second)))
	dialer := net.Dialer{Deadline: limit}
	connection, err := dialer.Dial("tcp4", absolute(q.Address))
	if err != nil {
		return Finding{Refused: reason(err)}
	}
	defer connection.Close()
	if q.Path == "" {
		return Finding{Open: 1}
	}
	connection.SetDeadline(limit)
	path := strings.NewReplacer("\r", "", "\n", "", " ", "%20").Replace(q.Path)
	head := "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: goferry\r\nConnection: close\r\n\r\n"
	if _, err = io.WriteString(connection, head); err == nil {
		var line string
		line, err = bufio.NewReader(io.LimitReader(connection, 64<<10)).ReadString('\n')
		if err == nil || line != "" {
			return Finding{Line: strings.TrimSpace(line)}
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return Finding{Silent: q.Timeout}
	}
	return Finding{Lost: reason(err)}
}

// Well tells whether the target answers as it should.
func (f Finding) Well() bool {
	words := strings.Fields(f.Line)
	if len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/") {
		return f.Open == 1
	}
	status, err := strconv.Atoi(words[1])
	return err == nil && status >= 200 && status < 400
}

// Await returns when a target was well twice in a row.
func Await(q Question, limit time.Duration) error {
	until, good := time.Now().Add(limit), 0
	for {
		found := Probe(q)
		if good++; !found.Well() {
			good = 0
		}
		if good == 2 {
			return nil
		}
		if time.Now().After(until) {
			return errors.New(q.Address + ": " + found.Line + found.Refused + found.Lost)
		}
		time.Sleep(again)
	}
}

// reason is the system's own sentence, as other probes tell it.
func reason(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		text := number.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return "its container does not run"
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "Connection timed out"
	}
	return err.Error()
}
