/** The form inside the page's main part, with its hidden fields. */
export function readForm(
  page: string,
): { action: string; fields: Record<string, string> } | undefined {
  const main = page.slice(page.indexOf('<main>'))
  const action = /<form method="post" action="([^"]*)"/.exec(main)?.[1]
  if (action === undefined) return undefined
  const hidden = main.matchAll(/"hidden" name="([^"]*)" value="([^"]*)"/g)
  const fields = Object.fromEntries(
    [...hidden].map(([, name = '', value = '']) => [name, unescapeHtml(value)]),
  )
  return { action: unescapeHtml(action), fields }
}

/** What a page says is wrong. */
export function readProblem(page: string): string {
  const problem = /role="alert">([^<]*)/.exec(page)?.[1] ?? page.slice(0, 200)
  return unescapeHtml(problem)
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
