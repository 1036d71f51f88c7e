import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { banner } from './start/banner.ts'
import { type Child, startChild } from './start/children.ts'
import { openHome } from './start/home.ts'
import { buildPage, pageIsOld } from './start/page.ts'
import { makePlan, type Plan } from './start/plan.ts'
import { refuseTakenPorts } from './start/ports.ts'
import { waitUntilReady } from './start/ready.ts'
import { StartError } from './start/start-error.ts'

/**
 * `npm start`: the Keywell service on its embedded database, the stand-ins for the providers, and Acme, in three
 * processes. Needs no account, no Docker and no variable. Ctrl-C stops all of them.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url))
const children: Child[] = []
const parentCheckMs = 500

process.exitCode = await run()
// Without waiting for an empty event loop: an interrupted build of the page may still be running.
process.exit()

async function run(): Promise<number> {
  const interrupted = interruption()
  try {
    const end = await Promise.race([startEverything(), interrupted])
    if (end === 'running') await Promise.race([interrupted, ...children.map(({ died }) => died)])
    say('Stopping …')
    return 0
  } catch (error) {
    const known = error instanceof StartError
    process.stderr.write(`\n${known ? error.message : String((error as Error).stack)}\n\n`)
    return 1
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

async function startEverything(): Promise<'running'> {
  const plan = makePlan(root, process.env)
  await refuseTakenPorts(plan)
  openHome(plan, say)

  const standIns = launchStandIns(plan)
  // Loaded only now: the children should not wait for it. The service needs the files at its start.
  const { writeDefinitions } = await import('./start/definitions.ts')
  writeDefinitions(plan)
  const service = launch(plan, {
    app: 'service',
    name: 'Keywell service',
    env: {
      PORT: String(plan.ports.KEYWELL_PORT),
      HOST: '127.0.0.1',
      KEYWELL_MODE: 'development',
      KEYWELL_PUBLIC_URL: plan.keywellUrl,
      KEYWELL_DATA_DIR: join(plan.data, 'service'),
      KEYWELL_API_KEY_FILE: plan.apiKeyFile,
      KEYWELL_PROVIDERS_DIR: plan.providersDir,
      KEYWELL_ALLOW_HOSTS: [
        ...[plan.sandbox.url, plan.selfManaged.url].map((url) => new URL(url).origin),
        ...Object.values(plan.standIns),
      ].join(),
      KEYWELL_APP_ORIGIN: plan.appOrigin,
      KEYWELL_CONNECT_URL: `${plan.demoUrl}/settings/integrations`,
      KEYWELL_APPROVAL_URL: `${plan.demoUrl}/api/keywell/approve`,
    },
  })
  // From the second start on there is a key, and Acme starts without waiting for the service.
  let demo = existsSync(plan.apiKeyFile) ? launchDemo(plan) : undefined
  await Promise.all([
    waitUntilReady(service, `${plan.keywellUrl}/readyz`).then(() => sayReady(service)),
    Promise.all(
      [
        `${plan.sandbox.controlUrl}/settings`,
        `${plan.selfManaged.controlUrl}/settings`,
        `${plan.standInsControlUrl}/`,
      ].map((url) => waitUntilReady(standIns, url)),
    ).then(() => say('The stand-ins are ready')),
    buildPageIfOld(),
  ])
  // Loaded only now: it imports the SDK, and the children should not wait for that.
  const { registerStandIns } = await import('./start/register.ts')
  if (await registerStandIns(plan)) say('The stand-ins are registered with Keywell')

  demo ??= launchDemo(plan)
  await waitUntilReady(demo, `${plan.demoUrl}/healthz`)
  sayReady(demo)
  process.stdout.write(banner(plan, performance.now() / 1000))
  return 'running'
}

/** All of them, in one process. */
function launchStandIns({ ports, data }: Plan): Child {
  const { KEYWELL_PORT, DEMO_PORT, ...theirs } = ports
  const env = Object.entries(theirs).map(([name, port]) => [name, String(port)])
  return launch(
    { data },
    {
      app: 'sandbox',
      name: 'The process of the stand-ins',
      env: { ...Object.fromEntries(env), SANDBOX_DATA_DIR: data },
    },
  )
}

function launchDemo(plan: Plan): Child {
  return launch(plan, {
    app: 'demo',
    name: 'Acme',
    env: {
      DEMO_PORT: String(plan.ports.DEMO_PORT),
      KEYWELL_URL: plan.keywellUrl,
      KEYWELL_API_KEY_FILE: plan.apiKeyFile,
      GITLAB_HOST: plan.sandbox.url,
      SELF_MANAGED_HOST: plan.selfManaged.url,
    },
  })
}

function launch(
  { data }: Pick<Plan, 'data'>,
  { app, name, env }: { app: string; name: string; env: Record<string, string> },
): Child {
  const child = startChild({
    name,
    main: join(root, 'apps', app, 'src/main.ts'),
    cwd: root,
    env: { ...inheritedEnvironment(), ...env },
    logFile: join(data, 'logs', `${app}.log`),
  })
  children.push(child)
  return child
}

/** Without the variables of another installation, such as its database. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const ours =
    /^(KEYWELL_.*|SANDBOX_.*|SELF_MANAGED_.*|DEMO_.*|GITLAB_HOST|STAND_INS_.*|DATABASE_URL|PORT|HOST)$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

async function buildPageIfOld(): Promise<void> {
  if (!(await pageIsOld(root))) return
  await buildPage(root)
  say('Acme’s page is built')
}

/** Resolves at the first signal to stop; a second one kills the children at once. */
function interruption(): Promise<'interrupted'> {
  return new Promise((resolve) => {
    // At SIGTERM `npm start` ends its shell, and sends this process no signal.
    const parent = process.ppid
    setInterval(() => process.ppid !== parent && resolve('interrupted'), parentCheckMs).unref()

    let signals = 0
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        signals += 1
        resolve('interrupted')
        if (signals < 2) return
        for (const child of children) child.kill()
        process.exit(1)
      })
    }
  })
}

function sayReady({ name }: Child): void {
  say(`${name} is ready`)
}

function say(text: string): void {
  process.stdout.write(`  ${(performance.now() / 1000).toFixed(1).padStart(4)} s  ${text}\n`)
}
