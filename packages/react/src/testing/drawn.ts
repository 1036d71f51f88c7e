/** What is drawn, without what has no meaning: names of ids, spelling of a false attribute, the live region. */
export function drawn(container: Element): string {
  const copy = container.cloneNode(true) as Element
  for (const region of copy.querySelectorAll('[data-keywell-status]')) region.remove()
  for (const element of copy.querySelectorAll('*')) {
    const attributes = [...element.attributes]
      .filter(
        ({ name, value }) =>
          !isOfOneMaker(name) && !(name.startsWith('aria-') && value === 'false'),
      )
      .map(({ name, value }) => [name, refersToId.test(name) ? 'id' : value])
    if (element instanceof HTMLInputElement) attributes.push(['data-checked', `${element.checked}`])
    for (const { name } of [...element.attributes]) element.removeAttribute(name)
    for (const [name = '', value = ''] of attributes.sort()) element.setAttribute(name, value)
  }
  return copy.innerHTML
    .replaceAll('<!-- -->', '')
    .replace(/>\s+</g, '><')
    .replace(/\s+<\/p>/g, '</p>')
}

/** Ids, names of radios, and `checked`, which says only what was chosen at first. */
const isOfOneMaker = (name: string) => ['id', 'name', 'checked'].includes(name)
const refersToId = /^(aria-(labelledby|describedby)|for)$/
