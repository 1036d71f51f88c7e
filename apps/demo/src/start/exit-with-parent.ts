/**
 * Loaded into every child by `--import`: a child whose parent has died, even by `kill -9`, stops
 * itself as if asked to. An orphan would hold the ports and the lock on the data.
 */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
// Listening alone must not keep a child alive that has nothing left to do.
process.channel?.unref()
