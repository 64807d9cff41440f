package main

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"strings"
)

// Our own sentences for the checks of the rules. Each line has the first 12 hex digits
// of the SHA-256 of the text in the rules, so that this text is not here, and ours.
//
//go:embed texts.tsv
var textLines string

func readTexts(lines string) (map[string]string, error) {
	texts := map[string]string{}
	for line := range strings.Lines(lines) {
		key, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || len(key) != 12 || texts[key] != "" || strings.Contains(text, "\t") || !strings.HasPrefix(text, "want ") || !strings.Contains(text, ", have ") {
			return nil, fmt.Errorf("texts.tsv: want a new key of 12 digits and want ..., have ..., have %s", line)
		}
		texts[key] = text
	}
	return texts, nil
}

func textKey(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s)))[:12] }

// ours returns our sentence for a text of the rules. A text without one is new.
func (w *writer) ours(s string) string {
	if s == "" {
		return ""
	}
	key := textKey(s)
	text := w.texts[key]
	if text == "" {
		w.fail(fmt.Errorf("texts.tsv: want a line for %s: %s", key, s))
	}
	w.used[key] = true
	return text
}

// unused returns the keys of lines that no rule needs.
func (w *writer) unused() []string {
	var keys []string
	for _, key := range sorted(w.texts) {
		if !w.used[key] {
			keys = append(keys, key)
		}
	}
	return keys
}
