package worker

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestJobsAreDoneInOrderAndAFailedOneStopsNothing(t *testing.T) {
	queue := NewQueue(3)
	for id := 1; id <= 3; id++ {
		if !queue.Put(Job{ID: id}) {
			t.Fatal("the queue is full")
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	var done []int
	New(queue, func(_ context.Context, job Job) error {
		done = append(done, job.ID)
		if job.ID == 3 {
			stop()
		}
		return errors.New("broken")
	}, time.Second).Run(ctx)
	if len(done) != 3 || done[0] != 1 || done[2] != 3 {
		t.Fatalf("got %v", done)
	}
}

func TestAFullQueueRefuses(t *testing.T) {
	queue := NewQueue(1)
	if !queue.Put(Job{}) || queue.Put(Job{}) {
		t.Fatal("the second job was taken")
	}
}

func TestTheJobInHandIsFinishedWhenAskedToStop(t *testing.T) {
	queue := NewQueue(1)
	queue.Put(Job{ID: 1})
	ctx, stop := context.WithCancel(context.Background())
	finished := false
	New(queue, func(inner context.Context, _ Job) error {
		stop()
		finished = inner.Err() == nil
		return nil
	}, time.Second).Run(ctx)
	if !finished {
		t.Fatal("the job was cut off")
	}
}

func TestAStuckJobIsNotHealthy(t *testing.T) {
	worker := New(NewQueue(1), Print, time.Second)
	if !worker.Healthy() {
		t.Fatal("a waiting worker is healthy")
	}
	worker.began.Store(time.Now().Add(-time.Hour).UnixNano())
	if worker.Healthy() {
		t.Fatal("a job of an hour is stuck")
	}
}
