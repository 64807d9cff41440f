package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/issue"
)

// Exit codes of the command.
const (
	exitClean    = 0 // nothing found at or above --fail-on
	exitFindings = 1 // something found at or above --fail-on
	exitUsage    = 2 // wrong flags or arguments
	exitFailed   = 3 // the work could not be done
)

func main() {
	// The first interrupt ends the work in order; a second one ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], interruptible(ctx, os.Stdin), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errFindings ends a command that did its work and found too much.
var errFindings = errors.New("findings at or above --fail-on")

// usageError is an error of what the user typed.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// run is the command without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.As(err, &usage) || !a.started:
		fmt.Fprintf(stderr, "carabiner: %v\nrun %q for help\n", err, cmd.CommandPath()+" --help")
		return exitUsage
	}
	a.failed(ctx, err)
	return exitFailed
}

// failed tells why the work could not be done, in the format of the findings.
func (a *app) failed(ctx context.Context, err error) {
	message := err.Error()
	if ctx.Err() != nil {
		message = "interrupted; nothing was written"
	}
	if a.format == text {
		fmt.Fprintln(a.stderr, "carabiner:", message)
		return
	}
	w := issue.NewWriter(a.stderr, issue.NDJSON)
	if err := w.Report(issue.Issue{Severity: issue.Fatal, Code: CodeRun, Message: message}); err != nil {
		fmt.Fprintln(a.stderr, "carabiner:", message)
	}
}

// command returns a subcommand whose work is do. The findings that do reports
// through its session decide the exit code.
func (a *app) command(use, short, long, example string, args cobra.PositionalArgs, do func(ctx context.Context, s *session, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: args,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.started = true
			s, err := a.open(cmd.Name())
			if err != nil {
				return err
			}
			err = do(cmd.Context(), s, args)
			if closeErr := s.close(err); err == nil {
				err = closeErr
			}
			if err == nil && s.failing() {
				return errFindings
			}
			return err
		},
	}
}
