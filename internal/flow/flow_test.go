package flow

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var errTest = errors.New("test")

// numbers yields 0 to n-1, then the error if there is one.
func numbers(n int, end error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if end != nil {
			yield(0, end)
		}
	}
}

// endless yields numbers until it is stopped, and counts how many were drawn.
func endless(drawn *atomic.Int64) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := 0; yield(i, nil); i++ {
			drawn.Add(1)
		}
	}
}

// noLeak fails the test if it leaves goroutines behind.
func noLeak(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Errorf("want %d goroutines, have %d", before, runtime.NumGoroutine())
	})
}

func TestWorkersDefaultsToProcessors(t *testing.T) {
	if got := Workers(0); got != runtime.GOMAXPROCS(0) {
		t.Errorf("want %d, have %d", runtime.GOMAXPROCS(0), got)
	}
	if Workers(3) != 3 || Workers(-1) < 1 {
		t.Error("want n for n > 0 and at least 1 otherwise")
	}
}

func TestEachVisitsEveryItemOnce(t *testing.T) {
	noLeak(t)
	for _, workers := range []int{1, 2, 7} {
		var seen [1000]atomic.Int32
		busy := make([]atomic.Int32, workers)
		err := Each(t.Context(), workers, numbers(len(seen), nil), func(_ context.Context, w int, i int) error {
			if busy[w].Add(1) != 1 {
				t.Error("calls of one worker overlap")
			}
			seen[i].Add(1)
			busy[w].Add(-1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range seen {
			if n := seen[i].Load(); n != 1 {
				t.Fatalf("%d workers: item %d: want 1 call, have %d", workers, i, n)
			}
		}
	}
}

func TestEachReturnsTheFirstErrorAndStops(t *testing.T) {
	noLeak(t)
	for _, workers := range []int{1, 4} {
		var drawn atomic.Int64
		err := Each(t.Context(), workers, endless(&drawn), func(ctx context.Context, _ int, i int) error {
			if i == 10 {
				return errTest
			}
			return nil
		})
		if !errors.Is(err, errTest) {
			t.Errorf("%d workers: want the error of work, have %v", workers, err)
		}
	}
}

func TestEachCancelsTheContextOfOtherCalls(t *testing.T) {
	noLeak(t)
	err := Each(t.Context(), 2, numbers(2, nil), func(ctx context.Context, _ int, i int) error {
		if i == 0 {
			return errTest
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, errTest) {
		t.Errorf("want the first error, have %v", err)
	}
}

func TestEachReturnsTheErrorOfTheSequence(t *testing.T) {
	noLeak(t)
	for _, workers := range []int{1, 3} {
		if err := Each(t.Context(), workers, numbers(5, errTest), func(context.Context, int, int) error { return nil }); !errors.Is(err, errTest) {
			t.Errorf("%d workers: want the error of the sequence, have %v", workers, err)
		}
	}
}

func TestEachEndsWhenCancelled(t *testing.T) {
	noLeak(t)
	for _, workers := range []int{1, 3} {
		ctx, cancel := context.WithCancelCause(t.Context())
		var drawn atomic.Int64
		err := Each(ctx, workers, endless(&drawn), func(context.Context, int, int) error {
			cancel(errTest)
			return nil
		})
		if !errors.Is(err, errTest) {
			t.Errorf("%d workers: want the cause of the cancel, have %v", workers, err)
		}
	}
}

func TestPanicsBecomeErrorsWithStack(t *testing.T) {
	noLeak(t)
	boom := func(context.Context, int, int) error { panic(errTest) }
	check := func(name string, err error) {
		t.Helper()
		var p *PanicError
		if !errors.As(err, &p) || !errors.Is(err, errTest) || !strings.Contains(string(p.Stack), "flow_test.go") {
			t.Errorf("%s: want a *PanicError with this file in its stack, have %v", name, err)
		}
	}
	for _, workers := range []int{1, 2} {
		check("Each", Each(t.Context(), workers, numbers(3, nil), boom))
		check("Each, sequence", Each(t.Context(), workers, func(func(int, error) bool) { panic(errTest) },
			func(context.Context, int, int) error { return nil }))
	}
	out := func(context.Context, int, int) (int, error) { panic(errTest) }
	check("Ordered", Ordered(t.Context(), 2, numbers(3, nil), out, func(int) error { return nil }))
	same := func(_ context.Context, _ int, i int) (int, error) { return i, nil }
	check("Ordered, emit", Ordered(t.Context(), 2, numbers(3, nil), same, func(int) error { panic(errTest) }))
	check("Do", Do(t.Context(), 2, func(context.Context) error { panic(errTest) }))
	p := NewPipe(t.Context(), 1, func(int) error { panic(errTest) })
	_ = p.Send(1)
	check("Pipe", p.Close())
}

func TestOrderedEmitsInTheOrderOfTheInput(t *testing.T) {
	noLeak(t)
	for _, workers := range []int{1, 2, 5} {
		next := 0
		err := Ordered(t.Context(), workers, numbers(500, nil), func(_ context.Context, _ int, i int) (int, error) {
			if i%7 == 0 {
				time.Sleep(100 * time.Microsecond) // later items overtake
			}
			return i * 2, nil
		}, func(o int) error {
			if o != 2*next {
				t.Errorf("want result %d, have %d", 2*next, o)
			}
			next++
			return nil
		})
		if err != nil || next != 500 {
			t.Fatalf("want 500 results, have %d, %v", next, err)
		}
	}
}

func TestOrderedReturnsTheErrorOfTheEarliestItem(t *testing.T) {
	noLeak(t)
	late := errors.New("late")
	emitted := 0
	err := Ordered(t.Context(), 4, numbers(100, nil), func(_ context.Context, _ int, i int) (int, error) {
		switch i {
		case 20:
			time.Sleep(2 * time.Millisecond)
			return 0, errTest
		case 22:
			return 0, late
		}
		return i, nil
	}, func(int) error { emitted++; return nil })
	if !errors.Is(err, errTest) || emitted != 20 {
		t.Errorf("want the error of item 20 after 20 results, have %v after %d", err, emitted)
	}
}

func TestOrderedStopsWhenEmitFails(t *testing.T) {
	noLeak(t)
	var drawn atomic.Int64
	err := Ordered(t.Context(), 3, endless(&drawn), func(_ context.Context, _ int, i int) (int, error) { return i, nil },
		func(o int) error {
			if o == 5 {
				return errTest
			}
			return nil
		})
	if !errors.Is(err, errTest) {
		t.Errorf("want the error of emit, have %v", err)
	}
}

func TestOrderedReturnsTheErrorOfTheSequenceAfterAllResults(t *testing.T) {
	noLeak(t)
	emitted := 0
	err := Ordered(t.Context(), 3, numbers(50, errTest), func(_ context.Context, _ int, i int) (int, error) { return i, nil },
		func(int) error { emitted++; return nil })
	if !errors.Is(err, errTest) || emitted != 50 {
		t.Errorf("want the error after 50 results, have %v after %d", err, emitted)
	}
}

func TestOrderedWaitsForASlowEmit(t *testing.T) {
	noLeak(t)
	ctx, cancel := context.WithCancel(t.Context())
	const workers = 2
	var drawn atomic.Int64
	err := Ordered(ctx, workers, endless(&drawn), func(_ context.Context, _ int, i int) (int, error) { return i, nil },
		func(int) error {
			time.Sleep(20 * time.Millisecond) // the input would run far ahead by now
			cancel()
			return nil
		})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("want the end of the context, have %v", err)
	}
	if n := drawn.Load(); n > 4*workers {
		t.Errorf("want at most %d items drawn, have %d", 4*workers, n)
	}
}

func TestDoRunsEveryTask(t *testing.T) {
	noLeak(t)
	var mu sync.Mutex
	ran := 0
	task := func(context.Context) error { mu.Lock(); defer mu.Unlock(); ran++; return nil }
	if err := Do(t.Context(), 2, task, task, task); err != nil || ran != 3 {
		t.Errorf("want 3 tasks, have %d, %v", ran, err)
	}
	if err := Do(t.Context(), 0); err != nil {
		t.Errorf("no tasks: want no error, have %v", err)
	}
	if err := Do(t.Context(), 2, task, func(context.Context) error { return errTest }); !errors.Is(err, errTest) {
		t.Errorf("want the error of the task, have %v", err)
	}
}

func TestPipeKeepsTheOrder(t *testing.T) {
	noLeak(t)
	var got []int
	p := NewPipe(t.Context(), 3, func(i int) error { got = append(got, i); return nil })
	for i := range 100 {
		if err := p.Send(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if i != v {
			t.Fatalf("want item %d, have %d", i, v)
		}
	}
	if len(got) != 100 {
		t.Errorf("want 100 items, have %d", len(got))
	}
	if err := p.Send(1); !errors.Is(err, ErrClosed) {
		t.Errorf("want ErrClosed, have %v", err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("want no error from closing again, have %v", err)
	}
}

func TestPipeWaitsWhenFull(t *testing.T) {
	noLeak(t)
	hold := make(chan struct{})
	p := NewPipe(t.Context(), 2, func(int) error { <-hold; return nil })
	var sent atomic.Int64
	done := make(chan error, 1)
	var group sync.WaitGroup
	group.Go(func() {
		for i := range 10 {
			if err := p.Send(i); err != nil {
				done <- err
				return
			}
			sent.Add(1)
		}
		done <- nil
	})
	time.Sleep(20 * time.Millisecond)
	if n := sent.Load(); n > 3 { // two in the queue, one being handled
		t.Errorf("want at most 3 items sent, have %d", n)
	}
	close(hold)
	if err := <-done; err != nil {
		t.Error(err)
	}
	group.Wait()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestPipeReturnsTheErrorOfTheHandler(t *testing.T) {
	noLeak(t)
	p := NewPipe(t.Context(), 1, func(i int) error { return errTest })
	var err error
	for err == nil {
		err = p.Send(1)
	}
	if !errors.Is(err, errTest) {
		t.Errorf("Send: want the error of the handler, have %v", err)
	}
	if err := p.Close(); !errors.Is(err, errTest) {
		t.Errorf("Close: want the error of the handler, have %v", err)
	}
}

func TestPipeEndsWithItsContext(t *testing.T) {
	noLeak(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := NewPipe(ctx, 1, func(i int) error { return nil })
	cancel()
	if err := p.Send(1); !errors.Is(err, context.Canceled) {
		t.Errorf("Send: want the end of the context, have %v", err)
	}
	if err := p.Close(); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: want the end of the context, have %v", err)
	}
}
