// Package observe makes the logger, the metrics registry with its collectors, the traces, and the checks behind the
// health endpoints. It has no state of its own; cmd passes on everything it makes.
package observe

import (
	"fmt"
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// LogConfig configures a logger; its zero value works.
type LogConfig struct {
	// Level is debug, info, warn or error; default info.
	Level string
	// Terminal says that a person reads along: coloured lines instead of JSON; default false.
	Terminal bool
}

// NewLogger makes a logger that writes to out: lines for a person at a terminal, else JSON objects with ts, level, msg and the
// fields. An unknown level is an error that names the known ones.
func NewLogger(out io.Writer, config LogConfig) (*zap.Logger, error) {
	level := zapcore.InfoLevel
	if config.Level != "" {
		var err error
		if level, err = zapcore.ParseLevel(config.Level); err != nil || level > zapcore.ErrorLevel {
			return nil, fmt.Errorf("log level %q is unknown; debug, info, warn and error are known", config.Level)
		}
	}
	return zap.New(zapcore.NewCore(encoder(config.Terminal), zapcore.Lock(zapcore.AddSync(out)), level),
		zap.ErrorOutput(zapcore.Lock(zapcore.AddSync(out)))), nil
}

func encoder(terminal bool) zapcore.Encoder {
	if terminal {
		c := zap.NewDevelopmentEncoderConfig()
		c.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		c.EncodeLevel = zapcore.CapitalColorLevelEncoder
		c.ConsoleSeparator = " "
		return zapcore.NewConsoleEncoder(c)
	}
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	c.EncodeDuration = zapcore.SecondsDurationEncoder
	return zapcore.NewJSONEncoder(c)
}
