// Package flow is the one place of the module that starts goroutines. Its
// functions keep four promises: the first error stops everything, every
// goroutine has ended when the call returns, a panic in a caller's function
// becomes a *PanicError with its stack, and no queue grows beyond a few items
// a worker.
//
// [Each] works on items in any order, [Ordered] hands results out in the order
// of the input, [Streams] does so with many results an item, [Do] runs a fixed
// set of tasks, and [Pipe] moves work to one goroutine behind a bounded queue.
package flow
