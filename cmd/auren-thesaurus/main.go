// Auren-thesaurus makes the thesaurus that recall finds words of like meaning with, from a sentence model: its words are those
// of the model's vocabulary, each English stem once, and their likeness is that of their vectors. docs/thesaurus.md says how.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain/encoder"
	"github.com/auren-memory/auren/domain/lexicon"
)

// The model that the thesaurus is made from, and the SHA-256 of its model.safetensors.
const (
	modelName     = "sentence-transformers/all-MiniLM-L6-v2"
	modelChecksum = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)

func main() {
	terminal.Main(func(ctx context.Context) int { return run(ctx, os.Args[1:], os.Stdout, os.Stderr) })
}

// commandLine is the grammar of the command line.
type commandLine struct {
	Model    string   `arg:"" help:"Directory of the model: config.json, model.safetensors, vocab.txt."`
	Output   string   `default:"domain/lexicon/thesaurus.gz" placeholder:"FILE" help:"The file to write (default ${default})."`
	AnyModel bool     `help:"Take a model other than ${model}."`
	Show     []string `placeholder:"WORD" help:"Print the neighbours of these words too."`
}

// run makes the thesaurus as a command line says and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	line := &commandLine{}
	return terminal.Program{
		Name: "auren-thesaurus", Grammar: line, Vars: kong.Vars{"model": modelName}, Do: line.carryOut,
		Description: "Makes the thesaurus of package lexicon from a sentence model (docs/thesaurus.md).",
	}.Run(ctx, args, stdout, stderr)
}

func (line *commandLine) carryOut(ctx context.Context, out, errs *terminal.Screen) (err error) {
	model, err := encoder.Open(line.Model)
	if err != nil {
		return err
	}
	name, err := named(line.Model, model.Checksum(), line.AnyModel)
	if err != nil {
		return err
	}
	bar := terminal.NewProgress(errs)
	defer func() { bar.End(err == nil) }()
	words := vocabulary(model.Vocabulary(), lexicon.Default())
	vectors, err := embed(ctx, model, words, bar)
	if err != nil {
		return err
	}
	entries, err := likeness(ctx, words, vectors, bar)
	if err != nil {
		return err
	}

	var file bytes.Buffer
	if err := lexicon.WriteThesaurus(&file, name, entries); err != nil {
		return err
	}
	if err := os.WriteFile(line.Output, file.Bytes(), 0o644); err != nil {
		return err
	}
	bar.End(true)
	out.Printf("%s: %s words, %s of them with neighbours, %s bytes\n", line.Output,
		terminal.Number(int64(len(words))), terminal.Number(int64(len(entries))), terminal.Number(int64(file.Len())))
	show(out, line.Show, entries)
	return out.Failure()
}

// named returns what the thesaurus says of the model that it is made from.
func named(directory, checksum string, other bool) (string, error) {
	switch {
	case checksum == modelChecksum:
		return modelName + ", SHA-256 " + checksum, nil
	case other:
		return "another model than " + modelName + ", SHA-256 " + checksum, nil
	default:
		return "", fmt.Errorf("SHA-256 of %s/model.safetensors must be that of %s, %s, got %s (--any-model takes it all the same)",
			directory, modelName, modelChecksum, checksum)
	}
}

// embed returns the words' vectors.
func embed(ctx context.Context, model *encoder.Encoder, words []word, bar *terminal.Progress) ([][]float32, error) {
	const atOnce = 64
	var vectors [][]float32
	for begin := 0; begin < len(words); begin += atOnce {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var surfaces []string
		for _, w := range words[begin:min(begin+atOnce, len(words))] {
			surfaces = append(surfaces, w.surface)
		}
		vectors = append(vectors, model.Encode(surfaces...)...)
		bar.Move("embed", int64(len(vectors)), int64(len(words)), int64(len(vectors)), "words")
	}
	return vectors, nil
}

// show prints the neighbours of words that were asked for.
func show(out *terminal.Screen, words []string, entries []lexicon.Entry) {
	analyzer := lexicon.Default()
	for _, text := range words {
		for _, w := range analyzer.Query(text) {
			out.Printf("%s:", text)
			for _, entry := range entries {
				if entry.Term != w.Terms[0].Term {
					continue
				}
				for _, n := range entry.Neighbours {
					out.Printf("  %s %.2f", n.Term, n.Weight)
				}
			}
			out.Printf("\n")
		}
	}
}
