import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidHost, normalizeHost } from './host.ts'

describe('normalizeHost', () => {
  it.each([
    ['https://gitlab.com', 'https://gitlab.com'],
    ['https://gitlab.com/', 'https://gitlab.com'],
    [' https://gitlab.com\n', 'https://gitlab.com'],
    ['HTTPS://GitLab.Example.COM', 'https://gitlab.example.com'],
    ['https://gitlab.example:443', 'https://gitlab.example'],
    ['https://gitlab.example:8443/', 'https://gitlab.example:8443'],
    ['http://127.0.0.1:7401', 'http://127.0.0.1:7401'],
    ['http://[::1]:7401', 'http://[::1]:7401'],
    ['https://gitlab.example.', 'https://gitlab.example'],
    ['https://gitlab.example.:8443/git', 'https://gitlab.example:8443/git'],
    ['https://example.com/gitlab', 'https://example.com/gitlab'],
    ['https://example.com/Tools/git-lab/', 'https://example.com/Tools/git-lab'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://0x7f.1', 'https://127.0.0.1'],
  ])('writes %j as %j', (text, normal) => {
    expect(normalizeHost(text)).toBe(normal)
    expect(normalizeHost(normal)).toBe(normal)
  })

  it.each([
    '',
    'gitlab.com',
    '//gitlab.com',
    'https:gitlab.com',
    'https:///gitlab.com',
    'ftp://gitlab.com',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://',
    'https://.',
    'https://gitlab..example',
    'https://gitlab.example..',
    'https://.gitlab.example',
    'https://:443',
    'https://gitlab.example:0x50',
    'https://gitlab.example:99999',
    'https://user@gitlab.example',
    'https://user:password@gitlab.example',
    'https://gitlab.example@attacker.example',
    'https://gitlab.example\\@attacker.example',
    'https://gitlab.example\\.attacker.example',
    'https://gitlab.example?x=1',
    'https://gitlab.example/?',
    'https://gitlab.example#',
    'https://gitlab.example/git#top',
    'https://gitlab.example/a b',
    'https://gitlab\n.example',
    'https://git\tlab.example',
    'https://gitlab.example/../admin',
    'https://gitlab.example/git/..',
    'https://gitlab.example/./git',
    'https://gitlab.example/%2e%2e/admin',
    'https://gitlab.example/git%2fadmin',
    'https://gitlab.example//git',
    'https://gitlab.example/git;x',
    'https://%67itlab.example',
    'https://256.256.256.256',
    'https://[::1',
  ])('refuses %j', (text) => {
    expect(() => normalizeHost(text)).toThrow(InvalidHost)
  })

  it('says what is wrong in a sentence, without what was written', () => {
    expect(() => normalizeHost('gitlab.com')).toThrow(
      'Write the host with its scheme, as in https://git.example.',
    )
    expect(() => normalizeHost('https://user:hunter2@a.example')).toThrow(
      /^(?!.*hunter2).*user name/,
    )
  })

  it('gives one spelling: normalising again changes nothing', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (text) => {
        let normal: string
        try {
          normal = normalizeHost(text)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidHost)
          return
        }
        expect(normalizeHost(normal)).toBe(normal)
        expect(new URL(normal).origin + new URL(normal).pathname.replace(/\/$/, '')).toBe(normal)
      }),
    )
  })
})
