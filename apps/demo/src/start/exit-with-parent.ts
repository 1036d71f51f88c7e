/**
 * Loaded into every child by `--import`: a child whose parent has died, even by `kill -9`, ends as at
 * SIGTERM. An orphan would keep the ports and the lock on the data.
 */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
// The channel alone must not keep a child running.
process.channel?.unref()
