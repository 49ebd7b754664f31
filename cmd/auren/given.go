package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// emptyAllowed is the tag of a flag or an argument that may be given and empty.
const emptyAllowed = "empty"

var errNoUTF8 = errors.New("is not valid UTF-8")

// texts are the readers of what is text. Kong's own ones change what is not UTF-8 instead of refusing it.
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

// readText reads one text, of the command line or of a variable.
func readText(given *kong.DecodeContext, into reflect.Value) error {
	token, err := given.Scan.PopValue("string")
	if err != nil {
		return err
	}
	text := token.String()
	if !utf8.ValidString(text) {
		return errNoUTF8
	}
	into.SetString(text)
	return nil
}

// readTexts reads a flag that takes several texts, with commas between, or the arguments that are left.
func readTexts(given *kong.DecodeContext, into reflect.Value, lists kong.Mapper) error {
	if given.Value.Flag != nil {
		// Splitting it at its commas would replace such bytes and drop an empty text.
		text, _ := given.Scan.Peek().Value.(string)
		if !utf8.ValidString(text) {
			return errNoUTF8
		}
		if strings.TrimSpace(text) == "" && given.Scan.Peek().IsValue() {
			return errEmpty(given.Value)
		}
	}
	return lists.Decode(given, into)
}

// checkGiven refuses a flag or an argument that is given and empty, which would be taken for one that is not given:
// that is what a script says whose variable is not set. An environment variable may be empty; it counts as not set.
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
		return errors.New("is empty; 1 character or more are allowed")
	}
	return errors.New("is empty; leave it out, or give 1 character or more")
}
