// Package worker takes jobs from a queue and does them, one after the other.
package worker

import (
	"context"
	"fmt"
	"time"
)

// Job is one piece of work.
type Job struct {
	ID   int
	Text string
}

// Queue holds the jobs that wait. Put the real one (Redis, RabbitMQ, a table) behind the same two methods.
type Queue struct {
	jobs chan Job
}

// NewQueue gives an empty queue for at most length jobs.
func NewQueue(length int) *Queue {
	return &Queue{jobs: make(chan Job, length)}
}

// Put adds a job; false when the queue is full.
func (queue *Queue) Put(job Job) bool {
	select {
	case queue.jobs <- job:
		return true
	default:
		return false
	}
}

// Take waits for the next job; false when ctx has ended.
func (queue *Queue) Take(ctx context.Context) (Job, bool) {
	select {
	case <-ctx.Done():
		return Job{}, false
	default:
	}
	select {
	case job := <-queue.jobs:
		return job, true
	case <-ctx.Done():
		return Job{}, false
	}
}

// Tick puts a job into the queue at each interval: an example of where jobs come from.
func Tick(ctx context.Context, queue *Queue, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for number := 1; ; number++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			queue.Put(Job{ID: number, Text: fmt.Sprintf("tick %d", number)})
		}
	}
}
