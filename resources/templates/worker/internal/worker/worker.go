package worker

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// Handler does one job.
type Handler func(ctx context.Context, job Job) error

// Worker does jobs until it is asked to stop; the one in hand is finished.
type Worker struct {
	queue   *Queue
	handle  Handler
	longest time.Duration
	began   atomic.Int64 // when the job in hand began, in Unix nanoseconds; 0 while it waits
}

// New gives a worker that counts as stuck when one job takes longer than ten intervals, and at least a minute.
func New(queue *Queue, handle Handler, interval time.Duration) *Worker {
	return &Worker{queue: queue, handle: handle, longest: max(10*interval, time.Minute)}
}

// Run works until ctx ends.
func (worker *Worker) Run(ctx context.Context) {
	for {
		job, ok := worker.queue.Take(ctx)
		if !ok {
			return
		}
		worker.do(ctx, job)
	}
}

func (worker *Worker) do(ctx context.Context, job Job) {
	started := time.Now()
	worker.began.Store(started.UnixNano())
	defer worker.began.Store(0)
	if err := worker.handle(context.WithoutCancel(ctx), job); err != nil {
		slog.Error("job failed", "job", job.ID, "error", err)
		return
	}
	slog.Info("job done", "job", job.ID, "ms", time.Since(started).Milliseconds())
}

// Healthy is false while one job takes far too long.
func (worker *Worker) Healthy() bool {
	began := worker.began.Load()
	return began == 0 || time.Since(time.Unix(0, began)) < worker.longest
}

// Print is an example of a handler.
func Print(_ context.Context, job Job) error {
	slog.Info("work", "job", job.ID, "text", job.Text)
	return nil
}
