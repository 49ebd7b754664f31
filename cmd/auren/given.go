package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// emptyAllowed is the tag of a flag or an argument that may be given as an empty text.
const emptyAllowed = "empty"

var errNotUTF8 = errors.New("must be valid UTF-8")

// texts returns mappers for text. Kong's own replace invalid UTF-8 instead of rejecting it.
func texts() []kong.Option {
	text := kong.MapperFunc(readText)
	lists := kong.NewRegistry().RegisterDefaults().RegisterKind(reflect.String, text).ForType(reflect.TypeFor[[]string]())
	return []kong.Option{
		kong.KindMapper(reflect.String, text),
		kong.TypeMapper(reflect.TypeFor[[]string](), kong.MapperFunc(func(given *kong.DecodeContext, into reflect.Value) error {
			return readTexts(given, into, lists)
		})),
	}
}

// readText reads one text from the command line or a variable.
func readText(given *kong.DecodeContext, into reflect.Value) error {
	token, err := given.Scan.PopValue("string")
	if err != nil {
		return err
	}
	text := token.String()
	if !utf8.ValidString(text) {
		return errNotUTF8
	}
	into.SetString(text)
	return nil
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
