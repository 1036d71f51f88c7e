/**
 * The one script of the pages. They work without it. On the page of a link it shows which scopes come with a chosen one,
 * and ticks the scopes of a preset in place; on a page with a code it looks whether the code was taken, and
 * copies one that is for elsewhere; on the page of an approval it looks whether its state has changed, and counts the
 * minutes.
 */
export const script = `'use strict'
{
  const boxes = [...document.querySelectorAll('input[data-implies]')]
  const chosen = new Map(boxes.map((box) => [box, box.checked]))
  const update = () => {
    const included = new Set()
    for (const box of boxes) {
      if (chosen.get(box)) for (const name of box.dataset.implies.split(' ')) included.add(name)
    }
    for (const box of boxes) {
      if ('fixed' in box.dataset) continue
      const comes = included.has(box.value)
      box.disabled = comes
      box.checked = comes || chosen.get(box)
      const note = box.closest('li').querySelector('[data-included]')
      if (note) note.hidden = !comes
    }
  }
  const presets = [...document.querySelectorAll('a[data-scopes]')]
  const mark = (preset) => {
    for (const each of presets) {
      if (each === preset) each.setAttribute('aria-current', 'true')
      else each.removeAttribute('aria-current')
    }
  }
  for (const box of boxes) {
    box.addEventListener('change', () => {
      chosen.set(box, box.checked)
      mark(undefined)
      update()
    })
  }
  for (const preset of presets) {
    preset.addEventListener('click', (event) => {
      event.preventDefault()
      const names = preset.dataset.scopes.split(' ')
      for (const box of boxes) chosen.set(box, 'fixed' in box.dataset || names.includes(box.value))
      mark(preset)
      update()
    })
  }
  update()

  const copy = document.querySelector('[data-copy]')
  if (copy && navigator.clipboard) {
    copy.hidden = false
    copy.addEventListener('click', () => {
      const { copy: code, copied } = copy.dataset
      navigator.clipboard.writeText(code).then(() => (copy.textContent = copied), () => (copy.hidden = true))
    })
  }

  const waiting = document.querySelector('[data-waiting]')
  if (waiting) {
    const state = waiting.dataset.waiting
    const mark = state ? 'data-waiting="' + state + '"' : 'data-waiting'
    const look = async () => {
      const answer = await fetch(location.href).catch(() => undefined)
      const text = answer && answer.ok ? await answer.text() : undefined
      if (text !== undefined && !text.includes(mark)) location.reload()
      else setTimeout(look, 3000)
    }
    setTimeout(look, 3000)
  }

  const left = document.querySelector('[data-seconds-left]')
  if (left) {
    const end = performance.now() + Number(left.dataset.secondsLeft) * 1000
    setInterval(() => {
      left.textContent = String(Math.max(0, Math.ceil((end - performance.now()) / 60000)))
    }, 5000)
  }
}
`
