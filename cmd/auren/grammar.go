package main

import (
	"github.com/alecthomas/kong"

	"github.com/auren-memory/auren/cmd/internal/cli"
	"github.com/auren-memory/auren/cmd/internal/config"
)

// commandLine is the grammar of the command line; each command is in package cli.
type commandLine struct {
	config.Config
	Version kong.VersionFlag `help:"Print the version and exit." group:"settings"`

	Up        cli.Up        `cmd:"" default:"1" group:"run" help:"Start everything on this machine (the default command)."`
	Server    cli.Server    `cmd:"" group:"run" help:"Serve the HTTP API against your own PostgreSQL."`
	Projector cli.Projector `cmd:"" group:"run" help:"Keep the read models up to date and publish changes, against your own PostgreSQL and NATS."`
	Setup     cli.Setup     `cmd:"" group:"run" help:"Install the PostgreSQL packages that auren up needs."`

	Remember   cli.Remember   `cmd:"" group:"memories" help:"Remember something."`
	Recall     cli.Recall     `cmd:"" group:"memories" help:"Search memories with a question."`
	List       cli.List       `cmd:"" group:"memories" help:"List memories."`
	Show       cli.Show       `cmd:"" group:"memories" help:"Show one memory, now, as of a moment, or with its history."`
	Diff       cli.Diff       `cmd:"" group:"memories" help:"Show what changed between two moments: in one memory, for an agent or a user, or in all."`
	Revise     cli.Revise     `cmd:"" group:"memories" help:"Change the content, type, metadata or validity of a memory."`
	Confidence cli.Confidence `cmd:"" group:"memories" help:"Set the confidence of a memory."`
	Evidence   cli.Evidence   `cmd:"" group:"memories" help:"Record an observation for or against a memory."`
	Expiry     cli.Expiry     `cmd:"" group:"memories" help:"Set when a memory expires."`
	Forget     cli.Forget     `cmd:"" group:"memories" help:"Forget memories, by id or by filter."`
	Restore    cli.Restore    `cmd:"" group:"memories" help:"Bring forgotten or expired memories back, by id, or forgotten ones by filter."`
	Import     cli.Import     `cmd:"" group:"memories" help:"Import memories from JSON files."`

	Replay    cli.Replay    `cmd:"" group:"operate" help:"Replay the events of the log or of one memory."`
	Watch     cli.Watch     `cmd:"" group:"operate" help:"Watch changes as they reach subscribers, from now on or from a moment in the past."`
	Rebuild   cli.Rebuild   `cmd:"" group:"operate" help:"Rebuild the read models from the log, beside the live ones."`
	Languages cli.Languages `cmd:"" group:"operate" help:"Show or change the languages in which the memories of tenants are searched."`
	Status    cli.Status    `cmd:"" group:"operate" help:"Report whether everything is healthy; exits with 0 only if it is."`
	Init      cli.Init      `cmd:"" group:"operate" help:"Create the database if it is missing and migrate its schema."`
	Verify    cli.Verify    `cmd:"" group:"operate" help:"Compare the schema of the database with the one this program expects; reads no data and writes nothing."`
	Reset     cli.Reset     `cmd:"" group:"operate" help:"Delete everything and start over with an empty schema."`
	Print     cli.Version   `cmd:"" name:"version" group:"operate" help:"Print the version."`
}

const description = `The memory of AI agents: what they remember, revise, doubt and forget, kept in PostgreSQL so that nothing is lost.

With no command and no configuration, auren starts everything on this machine. The other commands then work on that, or on the database that --db-dsn (AUREN_DB_DSN) names.

Exit codes: 0 success, 1 failure, 2 an invalid command line or input. An import also exits with 3 if it left records out, and with 4 if the read model differs from what it imported.`

func groups() []kong.Group {
	return []kong.Group{
		{Key: "run", Title: "Run"},
		{Key: "memories", Title: "Memories"},
		{Key: "operate", Title: "Operate"},
		{Key: "settings", Title: "Settings"},
	}
}
