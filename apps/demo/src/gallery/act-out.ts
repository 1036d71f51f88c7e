import type { Section } from './section.ts'

/**
 * Clicks what a person clicks, each as soon as it is there, and marks the stage with `data-ready` once its state is
 * reached. Returns a function that stops this.
 */
export function actOut(stage: HTMLElement, { clicks = [], until }: Section): () => void {
  const left = [...clicks]

  function step(): void {
    const next = left[0]
    if (next === undefined) {
      if (!stage.querySelector(until)) return
      stage.dataset.ready = ''
      // A click leaves the focus where it was; so does this.
      observer.disconnect()
      return
    }
    const target = stage.querySelector<HTMLElement>(next)
    if (!target) return
    left.shift()
    target.click()
    step()
  }

  const observer = new MutationObserver(step)
  observer.observe(stage, { childList: true, subtree: true, attributes: true, characterData: true })
  // Not in the effect itself: the effects of what stands around it have not run yet.
  const timer = setTimeout(step)
  return () => {
    clearTimeout(timer)
    observer.disconnect()
  }
}
