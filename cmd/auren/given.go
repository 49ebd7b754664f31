package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/cli"
)

// emptyAllowed is the tag of a flag or an argument that may be given as an empty text.
const emptyAllowed = "empty"

var errNotUTF8 = errors.New("must be valid UTF-8")

// values returns mappers for what a command line or a variable may give. Kong's own replace invalid UTF-8 in text instead of
// rejecting it.
func values() []kong.Option {
	text := kong.MapperFunc(func(given *kong.DecodeContext, into reflect.Value) error {
		text, err := readText(given)
		into.SetString(text)
		return err
	})
	lists := kong.NewRegistry().RegisterDefaults().RegisterKind(reflect.String, text).ForType(reflect.TypeFor[[]string]())
	return []kong.Option{
		kong.KindMapper(reflect.String, text),
		kong.TypeMapper(reflect.TypeFor[[]string](), kong.MapperFunc(func(given *kong.DecodeContext, into reflect.Value) error {
			return readTexts(given, into, lists)
		})),
		parsed(readDuration), parsed(cli.ParseTime), parsed(cli.ParseJSON), parsed(cli.ParseAsOf), parsed(cli.ParseSince), parsed(cli.ParseID),
		parsed(func(text string) (*uuid.UUID, error) {
			id, err := cli.ParseID(text)
			return &id, err
		}),
	}
}

// parsed returns a mapper for values that are written as a text.
func parsed[T any](parse func(text string) (T, error)) kong.Option {
	return kong.TypeMapper(reflect.TypeFor[T](), kong.MapperFunc(func(given *kong.DecodeContext, into reflect.Value) error {
		text, err := readText(given)
		if err != nil {
			return err
		}
		if strings.TrimSpace(text) == "" {
			return errEmpty(given.Value)
		}
		value, err := parse(text)
		into.Set(reflect.ValueOf(value))
		return err
	}))
}

func readDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("must be a duration, e.g. 30s or 5m, got %q", text)
	}
	return d, nil
}

// readText reads one text from the command line or a variable.
func readText(given *kong.DecodeContext) (string, error) {
	token, err := given.Scan.PopValue("string")
	if err != nil {
		return "", err
	}
	if text := token.String(); utf8.ValidString(text) {
		return text, nil
	}
	return "", errNotUTF8
}

// readTexts reads a flag that takes several texts, separated by commas, or the remaining arguments.
func readTexts(given *kong.DecodeContext, into reflect.Value, lists kong.Mapper) error {
	if given.Value.Flag != nil {
		// Check before kong splits it at its commas, which replaces invalid bytes and drops an empty text.
		text, _ := given.Scan.Peek().Value.(string)
		if !utf8.ValidString(text) {
			return errNotUTF8
		}
		if strings.TrimSpace(text) == "" && given.Scan.Peek().IsValue() {
			return errEmpty(given.Value)
		}
	}
	return lists.Decode(given, into)
}

// checkGiven rejects a flag or an argument that is given but empty, as a script does whose variable is not set:
// otherwise it would count as omitted. An empty environment variable counts as not set.
func checkGiven(line *kong.Context) error {
	for _, at := range line.Path {
		value := at.Positional
		if at.Flag != nil {
			value = at.Flag.Value
		}
		if value == nil || value.Target.Kind() != reflect.String || value.Tag.Has(emptyAllowed) {
			continue
		}
		if strings.TrimSpace(value.Target.String()) == "" {
			return fmt.Errorf("%s: %w", value.ShortSummary(), errEmpty(value))
		}
	}
	return nil
}

func errEmpty(value *kong.Value) error {
	if value.Required {
		return errors.New("must not be empty")
	}
	return errors.New("must not be empty; omit it if you do not need it")
}
