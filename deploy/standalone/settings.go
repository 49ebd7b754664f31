package standalone

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const mib = 1 << 20

// serverSettings are what the server is started with; extra ones win.
func serverSettings(socketDir string, memory uint64, extra map[string]string) map[string]string {
	size := func(share, least, most uint64) string {
		return fmt.Sprintf("%dMB", min(max(share/mib, least), most))
	}
	settings := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": `"` + strings.ReplaceAll(socketDir, `"`, `""`) + `"`, // a list of names
		"unix_socket_permissions": "0700",
		"port":                    socketPort,
		"max_connections":         "100",
		"cluster_name":            "auren",
		"timezone":                "UTC",

		"shared_buffers":       size(memory/8, 128, 2048),
		"effective_cache_size": size(memory/2, 256, 65536),
		"maintenance_work_mem": size(memory/32, 64, 512),
		"work_mem":             "16MB",
		"max_wal_size":         "2GB",
		"min_wal_size":         "1GB", // everyone waits while a new segment is filled with zeros
		"random_page_cost":     "1.1", // the planner's default is for disks that turn
		"autovacuum_naptime":   "10s", // statements are planned while the tables are empty, and again once there are statistics
		"jit":                  "off", // compiling takes longer than our queries do

		"logging_collector": "off", // the server's stderr is our log file
		"log_destination":   "stderr",
		"log_timezone":      "UTC",
		"log_line_prefix":   "%m [%p] ",
		"log_checkpoints":   "off",
		"lc_messages":       "C",
	}
	maps.Copy(settings, extra)
	return settings
}

// arguments are the settings as options of the server, in a fixed order.
func arguments(settings map[string]string) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}
