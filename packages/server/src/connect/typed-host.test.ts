import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { InvalidHost, normalizeHost } from '../host.ts'
import { readTypedHost } from './typed-host.ts'

verifies.suite('hosts:typed', () => {
  test.each([
    ['gitlab.acme.com', ['https://gitlab.acme.com']],
    ['gitlab.acme.com/', ['https://gitlab.acme.com']],
    [' GitLab.Acme.com. \n', ['https://gitlab.acme.com']],
    ['gitlab.acme.com:8443', ['https://gitlab.acme.com:8443']],
    ['http://127.0.0.1:7401', ['http://127.0.0.1:7401']],
    ['https://acme.com/gitlab/', ['https://acme.com', 'https://acme.com/gitlab']],
    [
      'https://gitlab.acme.com/team/app/-/merge_requests/7?tab=diff#note_1',
      [
        'https://gitlab.acme.com',
        'https://gitlab.acme.com/team',
        'https://gitlab.acme.com/team/app',
      ],
    ],
    ['https://gitlab.acme.com/-/user_settings/profile', ['https://gitlab.acme.com']],
    [
      'acme.com/a/b/c/d/e',
      ['https://acme.com', 'https://acme.com/a', 'https://acme.com/a/b', 'https://acme.com/a/b/c'],
    ],
    ['https://acme.com/git%2Flab/x', ['https://acme.com']],
    ['https://acme.com//x', ['https://acme.com']],
    ['git@gitlab.acme.com:team/app.git', ['https://gitlab.acme.com']],
    ['ssh://git@gitlab.acme.com/team/app.git', ['https://gitlab.acme.com']],
    [
      'https://bücher.example/x',
      ['https://xn--bcher-kva.example', 'https://xn--bcher-kva.example/x'],
    ],
  ])('reads %j as %j', (text, hosts) => {
    expect(readTypedHost(text)).toEqual(hosts)
  })

  test.each([
    '',
    ' ',
    'git lab',
    'javascript:alert(1)',
    'javascript://alert(1)',
    'file:///etc/passwd',
    'ftp://gitlab.acme.com',
    'https://',
    'https://oauth2:hunter2-secret@gitlab.acme.com/team/app.git',
    'oauth2:hunter2-secret@gitlab.acme.com',
    'https://gitlab.acme.com\\@evil.example',
    'https://gitlab.acme\u200b.com',
    'https://gitlab..com',
  ])('refuses %j, and does not repeat it', (text) => {
    expect(() => readTypedHost(text)).toThrow(InvalidHost)
    expect(() => readTypedHost(text)).not.toThrow(/hunter2/)
  })

  test('each is a base URL of the one origin that is shown first', () => {
    const texts = fc.oneof(
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.domain(),
      fc.string(),
    )
    fc.assert(
      fc.property(texts, (text) => {
        let hosts: string[]
        try {
          hosts = readTypedHost(text)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidHost)
          return
        }
        expect(hosts.length).toBeLessThanOrEqual(4)
        const [first = ''] = hosts
        for (const host of hosts) {
          expect(normalizeHost(host)).toBe(host)
          expect(new URL(host).origin).toBe(first)
        }
      }),
    )
  })
})

describe('a name', () => {
  test('is not taken for a scheme', () => {
    expect(readTypedHost('localhost:8080')).toEqual(['https://localhost:8080'])
  })
})

test('reads an address with a letter such as ü also when it is read often', () => {
  for (let times = 0; times < 20_000; times += 1) {
    expect(readTypedHost('https://bücher.example')).toHaveLength(1)
  }
})
