package flow

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestStreamsKeepTheOrderOfItemsAndResults(t *testing.T) {
	noLeak(t)
	for _, workers := range []int{1, 2, 7} {
		var got []int
		err := Streams(t.Context(), workers, numbers(200, nil), func(_ context.Context, _ int, item int, out func(int) error) error {
			for k := range item % 40 { // more than may wait
				if err := out(item*100 + k); err != nil {
					return err
				}
			}
			return nil
		}, func(o int) error {
			got = append(got, o)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 200/40*(39*40/2) || !slices.IsSorted(got) {
			t.Errorf("%d workers: want %d results in order, have %d", workers, 200/40*(39*40/2), len(got))
		}
	}
}

func TestStreamsEndWithTheFirstError(t *testing.T) {
	noLeak(t)
	for _, workers := range []int{1, 3} {
		ignore := func(int) error { return nil }
		pass := func(_ context.Context, _ int, item int, out func(int) error) error { return out(item) }
		for name, run := range map[string]func() error{
			"work": func() error {
				return Streams(t.Context(), workers, numbers(100, nil), func(_ context.Context, _ int, item int, out func(int) error) error {
					if item == 50 {
						return errTest
					}
					return out(item)
				}, ignore)
			},
			"emit": func() error {
				return Streams(t.Context(), workers, numbers(100, nil), pass, func(o int) error {
					if o == 50 {
						return errTest
					}
					return nil
				})
			},
			"input": func() error { return Streams(t.Context(), workers, numbers(10, errTest), pass, ignore) },
		} {
			if err := run(); !errors.Is(err, errTest) {
				t.Errorf("%s, %d workers: want the error, have %v", name, workers, err)
			}
		}
		var broken *PanicError
		err := Streams(t.Context(), workers, numbers(10, nil), func(context.Context, int, int, func(int) error) error { panic("x") }, ignore)
		if !errors.As(err, &broken) {
			t.Errorf("want a *PanicError, have %v", err)
		}
	}
}
