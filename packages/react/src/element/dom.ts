/** What makes and changes elements of a page. */

/** By name: '' or a text sets it, true sets it to `true`; undefined and false remove it. */
export type Attributes = Readonly<Record<string, string | boolean | undefined>>
type Child = Node | string | false | undefined

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) element.removeAttribute(name)
    else if (element.getAttribute(name) !== `${value}`) element.setAttribute(name, `${value}`)
  }
}

/** An element of HTML with attributes and children; of children, false and undefined are left out. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  setAttributes(element, attributes)
  element.append(...present(children))
  return element
}

/** A drawing of one path. */
export function draw(attributes: Attributes, path: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const line = document.createElementNS(svg.namespaceURI, 'path')
  setAttributes(svg, attributes)
  line.setAttribute('d', path)
  svg.append(line)
  return svg as SVGElement
}

/** A button that does something and sends no form. */
export function makeButton(
  text: string,
  act: (event: Event) => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const button = make('button', { type: 'button', ...attributes }, text)
  button.addEventListener('click', act)
  return button
}

/** Replaces the children where they differ, so that nothing moves or loses the focus without need. */
export function replaceChildren(parent: Element, ...children: Child[]): void {
  const next = present(children)
  const now = [...parent.childNodes]
  const isSame =
    now.length === next.length &&
    now.every((node, index) => {
      const other = next[index]
      return typeof other === 'string'
        ? node.textContent === other
        : node.isEqualNode(other ?? null)
    })
  if (!isSame) parent.replaceChildren(...next)
}

function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child) => child !== undefined && child !== false)
}
