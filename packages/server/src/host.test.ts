import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { InvalidHost, joinBelow, normalizeHost } from './host.ts'

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
      'Write the host with its scheme, as in https://gitlab.example.',
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

verifies.suite('T24:paths', () => {
  it.each([
    ['https://a.example', '/oauth/token', 'https://a.example/oauth/token'],
    ['https://a.example/git', '/oauth/token', 'https://a.example/git/oauth/token'],
    ['https://a.example:8443/x/y', '/api/v4/user', 'https://a.example:8443/x/y/api/v4/user'],
    ['https://a.example', '/api?page=2&x=/../y', 'https://a.example/api?page=2&x=/../y'],
    ['https://a.example', '/projects/a%2Fb/issues', 'https://a.example/projects/a%2Fb/issues'],
    ['https://a.example/git', '/', 'https://a.example/git/'],
    ['https://a.example', '/a..b/...', 'https://a.example/a..b/...'],
  ])('%s and %s are %s', (host, path, url) => {
    expect(joinBelow(host, path).href).toBe(url)
  })

  it.each([
    '',
    'oauth/token',
    '@attacker.example/',
    '.attacker.example/',
    ':8443/',
    '//attacker.example/x',
    '/\\attacker.example/x',
    '\\\\attacker.example',
    'https://attacker.example/',
    '/..',
    '/../admin',
    '/a/../../admin',
    '/./x',
    '/%2e%2e/admin',
    '/%2E%2E/admin',
    '/.%2e/admin',
    '/%2e/x',
    '/projects/..%2f..%2fadmin',
    '/projects/%2e%2e%5cadmin',
    '/a//b',
    '/a b',
    '/a\n/b',
    '/a\t',
    '/a#b',
    '/a?b#c',
    '/%',
    '/%zz',
  ])('refuses %j', (path) => {
    expect(() => joinBelow('https://a.example/git', path)).toThrow(InvalidHost)
  })

  it('never leaves the origin or the root', () => {
    const piece = fc.constantFrom(
      ...[
        '/',
        '//',
        '.',
        '..',
        '\\',
        '@',
        ':',
        '?',
        '#',
        '%2e',
        '%2F',
        '%5c',
        'a',
        'b.c',
        '\t',
        ' ',
      ],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        let url: URL
        try {
          url = joinBelow('https://a.example/git', pieces.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidHost)
          return
        }
        expect(url.origin).toBe('https://a.example')
        expect(url.pathname).toMatch(/^\/git\//)
        expect(`${url.username}${url.password}${url.hash}`).toBe('')
      }),
      { numRuns: 2_000 },
    )
  })
})
