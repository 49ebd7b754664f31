// Package standalone runs what AUREN needs on one machine, without anything being configured: a private
// PostgreSQL server made of the installed binaries, and an embedded NATS server with JetStream.
//
// # The data directory
//
//	DataDir/postgres        the cluster, 0700, owned by the account that PostgreSQL runs as
//	DataDir/postgres.new    a cluster that is being created; renamed when complete, else thrown away
//	DataDir/postgres.log    what the server said; past 10 MiB it becomes postgres.log.1
//	DataDir/postgres.lock   held (flock) for as long as a server of ours runs; holds our process id
//	DataDir/run             the directory of the unix socket, 0700
//	DataDir/nats, nats.lock the JetStream store and its lock
//
// PostgreSQL refuses to run as root. A root process therefore runs it as the account that owns the cluster,
// for a new cluster as postgres, else as nobody; that account must be able to enter the data directory, which
// is created 0711 for that reason and belongs outside the home of root: DefaultDataDir is /var/lib/auren for
// root. An existing directory keeps its mode; one that the account cannot enter is a clear error. For an
// ordinary user everything is 0700.
//
// There is no TCP port and no password: the server trusts every client on its socket, and only its own account
// and root can enter the directory of the socket. A data directory whose path cannot be that of a socket, because
// it is too long or holds a comma, gets one in /tmp, 0700, named after a hash of the data directory.
//
// # Life and death
//
// A start takes the lock, so any server that still runs on the cluster is a leftover. A server whose AUREN was
// killed is shutting down: the start waits for it. A pid file that names a dead process, a zombie or another program
// is stale and removed. A server that stays up without an AUREN was started by someone else: the start fails and
// signals nothing. A cluster of another major version is run with that version's binaries if they are installed;
// otherwise the start fails and touches nothing.
//
// The server shuts down with us, however we die: on Linux the kernel sends it SIGINT (a fast, clean shutdown)
// when the thread that started it ends, and that thread is held until the server has exited; elsewhere a guard
// waits on a pipe that closes when we die. The server has a process group of its own, so that Ctrl-C in a
// terminal reaches us first and the server only through Stop.
package standalone
