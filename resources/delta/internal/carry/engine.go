//go:build linux

package carry

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	usualTime = 120
	loadTime  = 900 // seconds
)

// engineSocket is the one that the docker command would use; only a plain local one.
func engineSocket() (string, error) {
	address := os.Getenv("DOCKER_HOST")
	if address != "" {
		if path, is := strings.CutPrefix(address, "unix://"); is {
			return path, nil
		}
		return "", refuse("DOCKER_HOST is " + address)
	}
	context := os.Getenv("DOCKER_CONTEXT")
	if context == "" {
		var settings struct {
			CurrentContext string `json:"currentContext"`
		}
		if text, err := os.ReadFile(filepath.Join(os.Getenv("HOME"), ".docker", "config.json")); err == nil {
			_ = json.Unmarshal(text, &settings)
		}
		context = settings.CurrentContext
	}
	if context != "" && context != "default" {
		return "", refuse("the docker context is " + context)
	}
	return "/var/run/docker.sock", nil
}

// A request is one on a connection of its own. What the engine says is more telling than why it stopped to listen, so
// a failure to send waits for the answer. (Not net/http: it would make the program three times as big.)
type request struct {
	file    *os.File
	failure error
}

func begin(method, path string, size int64, kind string, seconds int64) (*request, error) {
	socket, err := engineSocket()
	if err != nil {
		return nil, err
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	limit := syscall.Timeval{Sec: seconds}
	_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit)
	_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit)
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket}); err != nil {
		_ = syscall.Close(fd)
		return nil, refuse("the engine cannot be reached: " + err.Error())
	}
	r := &request{file: os.NewFile(uintptr(fd), "engine")}
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n", method, path)
	if method == "POST" {
		head += fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n", kind, size)
	}
	r.send([]byte(head + "\r\n"))
	return r, nil
}

func (r *request) send(b []byte) {
	if r.failure == nil {
		_, r.failure = r.file.Write(b)
	}
}

func (r *request) drop() { _ = r.file.Close() }

// answer gives the body of a good answer.
func (r *request) answer() (int, []byte, error) {
	defer r.drop()
	status, body, err := read(bufio.NewReader(r.file))
	switch {
	case err != nil && r.failure != nil:
		return 0, nil, refuse("the engine: " + r.failure.Error())
	case err != nil:
		return 0, nil, refuse("the engine: " + err.Error())
	case status/100 != 2:
		var said struct{ Message string }
		if json.Unmarshal(body, &said) != nil || said.Message == "" {
			said.Message = string(body)
		}
		return status, nil, refused{said.Message, true}
	}
	return status, body, nil
}

func read(in *bufio.Reader) (status int, body []byte, err error) {
	first, err := in.ReadString('\n')
	if err != nil {
		return 0, nil, err
	}
	words := strings.Fields(first)
	if len(words) < 2 {
		return 0, nil, errors.New("an answer without a number")
	}
	if status, err = strconv.Atoi(words[1]); err != nil {
		return 0, nil, err
	}
	size, chunked := int64(-1), false
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return 0, nil, err
		}
		name, value, _ := strings.Cut(strings.TrimSpace(text), ":")
		switch strings.ToLower(name) {
		case "":
			body, err := bodyOf(in, size, chunked)
			return status, body, err
		case "content-length":
			if size, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil {
				return 0, nil, err
			}
		case "transfer-encoding":
			chunked = strings.Contains(strings.ToLower(value), "chunked")
		}
	}
}

func bodyOf(in *bufio.Reader, size int64, chunked bool) ([]byte, error) {
	if !chunked && size < 0 {
		return io.ReadAll(in)
	}
	if !chunked {
		body, err := io.ReadAll(io.LimitReader(in, size))
		if err == nil && int64(len(body)) != size {
			err = io.ErrUnexpectedEOF
		}
		return body, err
	}
	var body bytes.Buffer
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		digits, _, _ := strings.Cut(strings.TrimSpace(text), ";")
		count, err := strconv.ParseInt(digits, 16, 64)
		if err != nil || count == 0 {
			return body.Bytes(), err
		}
		if _, err := io.CopyN(&body, in, count); err != nil {
			return nil, err
		}
		if _, err := in.Discard(2); err != nil {
			return nil, err
		}
	}
}

func ask(method, path string) (int, []byte, error) {
	r, err := begin(method, path, 0, "application/json", usualTime)
	if err != nil {
		return 0, nil, err
	}
	return r.answer()
}

func quoted(text string) string {
	var out strings.Builder
	for _, c := range []byte(text) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// image is what a desktop needs to know of one.
type image struct {
	ID       string `json:"Id"`
	RepoTags []string
	RootFS   struct{ Layers []string }
}

// imageOf gives nil where there is no such image.
func imageOf(name string) (*image, error) {
	status, body, err := ask("GET", "/images/"+quoted(name)+"/json")
	if status == 404 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := &image{}
	if err := json.Unmarshal(body, found); err != nil {
		return nil, refuse("the engine: " + err.Error())
	}
	if found.RepoTags == nil {
		found.RepoTags = []string{}
	}
	if found.RootFS.Layers == nil {
		found.RootFS.Layers = []string{}
	}
	return found, nil
}

func imagesOf(repositories []string) ([]*image, error) {
	filter, err := json.Marshal(map[string][]string{"reference": repositories})
	if err != nil {
		return nil, err
	}
	_, body, err := ask("GET", "/images/json?filters="+quoted(string(filter)))
	if err != nil {
		return nil, err
	}
	var listed []struct {
		ID string `json:"Id"`
	}
	if err := json.Unmarshal(body, &listed); err != nil {
		return nil, refuse("the engine: " + err.Error())
	}
	images := []*image{}
	for _, one := range listed {
		found, err := imageOf(one.ID)
		if err != nil {
			return nil, err
		}
		if found != nil {
			images = append(images, found)
		}
	}
	return images, nil
}
