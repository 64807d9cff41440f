package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vbauerster/mpb/v8"
)

// display takes what is written to a terminal and keeps what one would see.
type display struct {
	mu     sync.Mutex
	lines  []string // those above the cursor
	rest   string
	broken error
}

// up is the one way in which the bar moves the cursor: up by lines, and clear
// what is below.
var up = regexp.MustCompile(`\x1b\[(\d+)A\x1b\[J`)

func (d *display) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return 0, d.broken
	}
	text := d.rest + string(p)
	for text != "" {
		if at := up.FindStringSubmatchIndex(text); at != nil && at[0] == 0 {
			n, err := strconv.Atoi(text[at[2]:at[3]])
			if err != nil || n > len(d.lines) {
				return 0, fmt.Errorf("up by %q of %d lines", text[at[2]:at[3]], len(d.lines))
			}
			d.lines, text = d.lines[:len(d.lines)-n], text[at[1]:]
			continue
		}
		line, after, ok := strings.Cut(text, "\n")
		if !ok {
			break
		}
		d.lines, text = append(d.lines, line), after
	}
	d.rest = text
	return len(p), nil
}

// seen is what stands on the display.
func (d *display) seen() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(append(d.lines[:len(d.lines):len(d.lines)], d.rest), "\n")
}

// refreshed is when a change is surely seen.
const refreshed = barEvery + time.Millisecond

// onTerminal returns a progress that draws its bar on w, width columns wide.
func onTerminal(w io.Writer, name string, width int) *progress {
	p := newProgress(&screen{w: w}, w, name, false)
	p.bars = func() *mpb.Progress {
		return mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithWidth(width), mpb.WithRefreshRate(barEvery))
	}
	return p
}

func TestProgressWritesPlainLinesNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stderr strings.Builder
		p := newProgress(&screen{w: &stderr}, &stderr, "convert", false)
		p.show(1, 100)
		time.Sleep(plainEvery - time.Nanosecond)
		p.show(2, 100)
		if stderr.Len() > 0 {
			t.Errorf("a short run: want nothing, have %q", stderr.String())
		}
		time.Sleep(time.Nanosecond)
		p.show(50<<20, 100<<20)
		p.show(51<<20, 100<<20)
		time.Sleep(plainEvery)
		p.show(2048, 0)
		p.close()
		if want := "convert: 50 % of 100.0 MiB\nconvert: 2.0 KiB\n"; stderr.String() != want {
			t.Errorf("want %q, have %q", want, stderr.String())
		}
	})
}

func TestSilentProgressShowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d display
		for _, p := range []*progress{onTerminal(&d, "convert", 60), newProgress(&screen{w: &d}, &d, "convert", true)} {
			p.silent = true
			p.show(1, 100)
			time.Sleep(2 * plainEvery)
			p.show(99, 100)
			p.close()
		}
		if d.seen() != "" {
			t.Errorf("want nothing, have %q", d.seen())
		}
	})
}

func TestBarTellsShareSizeAndTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d display
		p := onTerminal(&d, "convert", 80)
		p.show(1<<20, 4<<20)
		time.Sleep(refreshed)
		if want := "convert [=========>                              ] 25 % of 4.0 MiB\n"; d.seen() != want {
			t.Errorf("want %q, have %q", want, d.seen())
		}
		time.Sleep(10*time.Second - refreshed)
		p.show(2<<20, 4<<20)
		time.Sleep(refreshed)
		if want := "50 % of 4.0 MiB, 10s left\n"; !strings.HasSuffix(d.seen(), want) {
			t.Errorf("want the end %q, have %q", want, d.seen())
		}
		p.show(4<<20, 4<<20)
		time.Sleep(refreshed)
		if want := "100 % of 4.0 MiB\n"; !strings.HasSuffix(d.seen(), want) {
			t.Errorf("input read and work left: want the end %q, have %q", want, d.seen())
		}
		p.close()
		p.close()
		p.show(1, 2)
		time.Sleep(refreshed)
		if d.seen() != "" {
			t.Errorf("closed: want nothing, have %q", d.seen())
		}
	})
}

func TestBarWithoutATotalTellsTheBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d display
		p := onTerminal(&d, "validate", 60)
		p.show(2048, 0)
		time.Sleep(refreshed)
		if want := "validate | 2.0 KiB\n"; d.seen() != want {
			t.Errorf("want %q, have %q", want, d.seen())
		}
		p.close()
		if d.seen() != "" {
			t.Errorf("closed: want nothing, have %q", d.seen())
		}
	})
}

func TestFindingsStandAboveTheBarWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d display
		p := onTerminal(&d, "convert", 60)
		var want strings.Builder
		report := func(n int) {
			line := fmt.Sprintf("finding %d of the run\n", n)
			want.WriteString(line)
			if _, err := p.screen.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		report(0)
		if d.seen() != want.String() {
			t.Errorf("before the bar: want %q at once, have %q", want.String(), d.seen())
		}
		for n := range 50 {
			p.show(int64(n), 100)
			report(2*n + 1)
			time.Sleep(barEvery / 3)
			report(2*n + 2)
		}
		time.Sleep(refreshed)
		if above, ok := strings.CutPrefix(d.seen(), want.String()); !ok || !strings.HasPrefix(above, "convert [") || strings.Count(above, "\n") != 1 {
			t.Errorf("want the findings and one bar, have\n%s", d.seen())
		}
		report(101)
		p.close()
		if d.seen() != want.String() {
			t.Errorf("closed: want the findings alone, have\n%s", d.seen())
		}
		report(102)
		if d.seen() != want.String() {
			t.Errorf("after the bar: want %q at once, have %q", want.String(), d.seen())
		}
	})
}

func TestBarKeepsToTheWidth(t *testing.T) {
	for width := 1; width < 100; width++ {
		synctest.Test(t, func(t *testing.T) {
			for _, total := range []int64{0, 10, 1 << 40} {
				var d display
				p := onTerminal(&d, "validate", width)
				p.show(total/3, total)
				time.Sleep(3 * time.Second)
				if line := strings.TrimSuffix(d.seen(), "\n"); line == "" || len([]rune(line)) > width {
					t.Errorf("width %d: have the line %q", width, line)
				}
				p.close()
			}
		})
	}
}

func TestFindingsFailWhereTheTerminalIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d display
		p := onTerminal(&d, "convert", 60)
		p.show(1, 2)
		time.Sleep(refreshed)
		d.mu.Lock()
		d.broken = io.ErrClosedPipe
		d.mu.Unlock()
		time.Sleep(2 * refreshed)
		p.show(2, 2)
		if _, err := p.screen.Write([]byte("finding\n")); err != io.ErrClosedPipe {
			t.Errorf("want %v, have %v", io.ErrClosedPipe, err)
		}
		p.close()
	})
}
