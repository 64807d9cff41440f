package issue

import (
	"fmt"
	"sync"
)

// Reporter receives findings sideways while data flows on. Report answers nil
// to go on, or the error with which the flow is to end. The finder of a
// problem never decides whether to stop. A Reporter handed to a reader or
// pipeline that works with several workers must be safe for concurrent use;
// all reporters of this package are.
type Reporter interface {
	Report(Issue) error
}

// ReporterFunc lets a function be a Reporter.
type ReporterFunc func(Issue) error

// Report calls f.
func (f ReporterFunc) Report(i Issue) error { return f(i) }

// Discard is the Reporter that ignores every finding.
var Discard Reporter = ReporterFunc(func(Issue) error { return nil })

// FailFast is the Reporter that ends the flow at the first Error or Fatal
// finding, with a *ListError.
var FailFast Reporter = ReporterFunc(func(i Issue) error { return List{i}.Err() })

// Collector keeps findings. Its zero value keeps all of them; Max bounds how
// many are kept, further ones are only counted.
type Collector struct {
	Max int

	mu      sync.Mutex
	list    List
	dropped int
}

// Report keeps the finding.
func (c *Collector) Report(i Issue) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Max > 0 && len(c.list) >= c.Max {
		c.dropped++
		return nil
	}
	c.list = append(c.list, i)
	return nil
}

// List returns the findings kept so far, as a copy.
func (c *Collector) List() List {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(List(nil), c.list...)
}

// Dropped returns how many findings were not kept because of Max.
func (c *Collector) Dropped() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

// Counter counts findings by severity and by code, and keeps none.
type Counter struct {
	mu         sync.Mutex
	bySeverity [Fatal + 1]int64
	byCode     map[Code]int64
}

// Report counts the finding. A finding of invalid severity is refused.
func (c *Counter) Report(i Issue) error {
	if i.Severity < Information || i.Severity > Fatal {
		return fmt.Errorf("issue: finding %s has no valid severity", i.Code)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bySeverity[i.Severity]++
	if c.byCode == nil {
		c.byCode = make(map[Code]int64)
	}
	c.byCode[i.Code]++
	return nil
}

// AtLeast returns how many findings of severity s or higher were counted.
func (c *Counter) AtLeast(s Severity) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var n int64
	for v := max(s, Information); v <= Fatal; v++ {
		n += c.bySeverity[v]
	}
	return n
}

// ByCode returns the counts by code, as a copy.
func (c *Counter) ByCode() map[Code]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := make(map[Code]int64, len(c.byCode))
	for k, v := range c.byCode {
		m[k] = v
	}
	return m
}

// Tee returns a Reporter that hands every finding to all of rs in order. The
// first error that one of them answers is the answer.
func Tee(rs ...Reporter) Reporter {
	return ReporterFunc(func(i Issue) error {
		var first error
		for _, r := range rs {
			if err := r.Report(i); err != nil && first == nil {
				first = err
			}
		}
		return first
	})
}
