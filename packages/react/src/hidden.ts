/**
 * For screen readers only, also where our stylesheet is not loaded. Set by script and not in the markup: a
 * strict Content-Security-Policy forbids `style` attributes that come from a server, and allows this.
 */
export function hideVisually({ style }: HTMLElement): void {
  // Fixed, so that what is clipped makes no page longer.
  style.cssText = 'position:fixed;clip-path:inset(50%)'
}
