// Package front stands before the versions of one app: it owns the port, and passes each request on to the version
// that serves now. Which one that is can change between two requests, and no request is lost by it.
package front

import (
	"errors"
	"io/fs"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Target is a version of the app. One of weight 0 gets only what no other could be reached for.
type Target struct {
	Address string
	Weight  int
}

// Status is what a target has to do.
type Status struct {
	Target
	Busy     int64
	Requests int64
	Errors   int64
}

// rest is how long a target that could not be reached is asked last.
const rest = 2 * time.Second

type target struct {
	Status
	routed bool
	down   time.Time
}

// Routes says where requests go. A request is counted for its target in the same moment in which the target is
// chosen: once Put has returned, a target that it left out can only become less busy.
type Routes struct {
	mutex   sync.Mutex
	targets []*target
	changed chan struct{} // closed by what changes, then another one
	put     chan struct{} // the same, for other routes only
	file    string
	saved   sync.Mutex
}

// Open reads the routes of last time. Where there are none, requests wait for the first Put.
func Open(file string) (*Routes, error) {
	r := &Routes{file: file, changed: make(chan struct{}), put: make(chan struct{})}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	var kept Targets
	if err := kept.take(content); err != nil {
		return r, err
	}
	r.set(kept)
	return r, nil
}

// Put sends all requests that come from now on to these targets, and keeps that for the next start.
func (r *Routes) Put(wanted []Target) error {
	for _, one := range wanted {
		if _, _, err := net.SplitHostPort(one.Address); err != nil {
			return err
		}
		if one.Weight < 0 {
			return errors.New("a weight is 0 or more")
		}
	}
	r.saved.Lock()
	defer r.saved.Unlock()
	if err := save(r.file, wanted); err != nil {
		return err
	}
	r.set(wanted)
	return nil
}

func (r *Routes) set(wanted []Target) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var next []*target
	for _, one := range wanted {
		found := r.find(one.Address)
		if found == nil {
			found = &target{Status: Status{Target: one}}
		}
		found.Weight, found.routed, found.down = one.Weight, true, time.Time{}
		next = append(next, found)
	}
	for _, old := range r.targets {
		if !contains(next, old) && old.Busy > 0 {
			old.Weight, old.routed = 0, false
			next = append(next, old)
		}
	}
	r.targets = next
	close(r.put)
	r.put = make(chan struct{})
	r.wake()
}

func contains(targets []*target, wanted *target) bool {
	for _, one := range targets {
		if one == wanted {
			return true
		}
	}
	return false
}

func (r *Routes) find(address string) *target {
	for _, one := range r.targets {
		if one.Address == address {
			return one
		}
	}
	return nil
}

func (r *Routes) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// other is closed when requests go elsewhere than now.
func (r *Routes) other() <-chan struct{} {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.put
}

// take chooses a target by weight and counts a request for it; nil where all have been tried.
func (r *Routes) take(tried map[*target]bool) *target {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var first, last []*target
	total, now := 0, time.Now()
	for _, one := range r.targets {
		if !one.routed || tried[one] {
			continue
		}
		if one.Weight > 0 && now.After(one.down) {
			first, total = append(first, one), total+one.Weight
		} else {
			last = append(last, one)
		}
	}
	chosen := pick(first, total)
	if chosen == nil {
		chosen = least(last, now)
	}
	if chosen != nil {
		chosen.Busy++
	}
	return chosen
}

func pick(among []*target, total int) *target {
	if len(among) == 0 {
		return nil
	}
	left := rand.Intn(total)
	for _, one := range among {
		if left < one.Weight {
			return one
		}
		left -= one.Weight
	}
	return nil
}

// least is the one to try when none is in its turn: rather one that was not found missing a moment ago.
func least(among []*target, now time.Time) *target {
	for _, one := range among {
		if now.After(one.down) {
			return one
		}
	}
	if len(among) > 0 {
		return among[0]
	}
	return nil
}

func (r *Routes) left(t *target, reached, failed bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	t.Busy--
	if reached {
		t.Requests++
		t.down = time.Time{}
	} else {
		t.down = time.Now().Add(rest)
	}
	if failed {
		t.Errors++
	}
	if t.Busy == 0 {
		r.wake()
	}
}

// Status tells of all targets, those that were left out last, until they have nothing more to do.
func (r *Routes) Status() []Status {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	found := make([]Status, 0, len(r.targets))
	for _, one := range r.targets {
		if one.routed || one.Busy > 0 {
			found = append(found, one.Status)
		}
	}
	return found
}

// Busy is how many requests a target has at most now, after waiting for it to have none.
func (r *Routes) Busy(address string, wait time.Duration) int64 {
	limit := time.After(wait)
	for {
		r.mutex.Lock()
		found, changed := r.find(address), r.changed
		busy := int64(0)
		if found != nil {
			busy = found.Busy
		}
		r.mutex.Unlock()
		if busy == 0 {
			return 0
		}
		select {
		case <-changed:
		case <-limit:
			return busy
		}
	}
}

// save puts the file in its place whole. That it is on the disk too is seen to afterwards, for nobody has to wait.
func save(file string, targets []Target) error {
	content := Targets(targets).appendTo(nil)
	part, err := os.CreateTemp(filepath.Dir(file), ".routes-*")
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	if err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		part.Close()
		os.Remove(part.Name())
		return err
	}
	go func() {
		part.Sync()
		part.Close()
	}()
	return nil
}
