import { expect, test } from 'vitest'
import { makePlan } from './plan.ts'
import { StartError } from './start-error.ts'

test('needs no variable', () => {
  expect(makePlan('/keywell', {})).toEqual({
    root: '/keywell',
    data: '/keywell/.keywell',
    apiKeyFile: '/keywell/.keywell/api-key',
    ports: {
      KEYWELL_PORT: 7400,
      SANDBOX_PORT: 7401,
      DEMO_PORT: 7402,
      SANDBOX_CONTROL_PORT: 7403,
      SELF_MANAGED_PORT: 7404,
      SELF_MANAGED_CONTROL_PORT: 7405,
      GITHUB_PORT: 7406,
      BITBUCKET_PORT: 7407,
      AZURE_DEVOPS_PORT: 7408,
      BUILDKITE_PORT: 7409,
      ALGOLIA_PORT: 7410,
      STAND_INS_CONTROL_PORT: 7411,
    },
    keywellUrl: 'http://127.0.0.1:7400',
    sandbox: {
      port: 7401,
      controlPort: 7403,
      url: 'http://localhost:7401',
      controlUrl: 'http://127.0.0.1:7403',
    },
    selfManaged: {
      port: 7404,
      controlPort: 7405,
      url: 'http://localhost:7404/gitlab',
      controlUrl: 'http://127.0.0.1:7405',
    },
    standIns: {
      github: 'http://localhost:7406',
      bitbucket: 'http://localhost:7407',
      'azure-devops': 'http://localhost:7408',
      buildkite: 'http://localhost:7409',
      algolia: 'http://localhost:7410',
    },
    standInsControlUrl: 'http://127.0.0.1:7411',
    providersDir: '/keywell/.keywell/providers',
    demoUrl: 'http://localhost:7402',
    appOrigin: 'http://localhost:7402',
  })
})

test('takes other ports and another folder', () => {
  const plan = makePlan('/keywell', { SANDBOX_PORT: '9001', KEYWELL_HOME: '/tmp/elsewhere' })
  expect(plan.sandbox.url).toBe('http://localhost:9001')
  expect(plan.apiKeyFile).toBe('/tmp/elsewhere/api-key')
})

test('takes the origins of other apps', () => {
  const plan = makePlan('/keywell', { KEYWELL_APP_ORIGIN: 'http://localhost:3000' })
  expect(plan.appOrigin).toBe('http://localhost:7402,http://localhost:3000')
})

test.each([
  [{ DEMO_PORT: 'http' }, /DEMO_PORT/],
  [{ KEYWELL_PORT: '0' }, /KEYWELL_PORT/],
  [{ KEYWELL_PORT: '65536' }, /KEYWELL_PORT/],
  [{ DEMO_PORT: '7400' }, /KEYWELL_PORT and DEMO_PORT are both 7400/],
])('refuses %o in words', (environment, words) => {
  expect(() => makePlan('/keywell', environment)).toThrow(StartError)
  expect(() => makePlan('/keywell', environment)).toThrow(words)
})
