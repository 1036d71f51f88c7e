import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import puppeteer, { type ElementHandle, type Page } from 'puppeteer-core'
import { Builder, type WebDriver, type WebElement } from 'selenium-webdriver'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

/*
 * Browsers of Debian's packages, for walks through the product. Neither can be had from npm, so a test skips, by
 * name, the one that a machine lacks: `apt-get install firefox-esr webkit2gtk-driver xvfb`.
 */

/** A window of a browser, with what a person does in it. */
export interface BrowserWindow {
  goto(url: string): Promise<void>
  reload(): Promise<void>
  /** Clicks a button by its text, once it is there. */
  click(text: string | RegExp): Promise<void>
  /** Chooses the radio or the checkbox whose label begins so, once it is there. */
  check(label: string): Promise<void>
  /** Types into the field with this label. */
  fill(label: string, text: string): Promise<void>
  /** Waits until the page shows the text. */
  shows(text: string): Promise<void>
  run(script: string): Promise<unknown>
  url(): Promise<string>
}

export interface WalkBrowser {
  /** E.g. `Firefox 153.0`. */
  readonly version: string
  readonly first: BrowserWindow
  /** The window that an act opens. */
  popupAfter(act: () => Promise<void>): Promise<BrowserWindow>
  /** Waits until only the first window is left. */
  popupsClosed(): Promise<void>
  stop(): Promise<void>
}

const firefoxPath = '/usr/bin/firefox-esr'
const webkitDriver = '/usr/bin/WebKitWebDriver'
const xvfb = '/usr/bin/Xvfb'

/** The browsers of this machine by name; undefined: it has none of that name. */
export const otherBrowsers: Readonly<
  Record<'Firefox' | 'WebKitGTK', (() => Promise<WalkBrowser>) | undefined>
> = {
  Firefox: existsSync(firefoxPath) ? startFirefox : undefined,
  WebKitGTK: existsSync(webkitDriver) && existsSync(xvfb) ? startWebKit : undefined,
}

/** What both ways of driving a browser can do with one window. */
interface Handle {
  goto(url: string): Promise<unknown>
  reload(): Promise<unknown>
  run(script: string): Promise<unknown>
  /** Clicks, as a person does, the element that the script returns. */
  click(script: string): Promise<unknown>
  type(script: string, text: string): Promise<unknown>
  url(): Promise<string>
}

function windowOf(handle: Handle): BrowserWindow {
  // A page that is on its way has no element yet, and a script in it fails.
  const isThere = async (script: string) => {
    try {
      await until(`${script} is there`, async () => {
        const isThere = await handle.run(`return Boolean(${script})`).catch(() => false)
        return isThere === true
      })
    } catch (cause) {
      const text = await handle.run('return document.body.innerText')
      throw new Error(`${await handle.url()} shows:\n${text}`, { cause })
    }
  }
  return {
    goto: async (url) => void (await handle.goto(url)),
    reload: async () => void (await handle.reload()),
    async click(text) {
      const script = byText(text)
      await isThere(script)
      await handle.click(script)
    },
    async check(label) {
      const script = byStartOfLabel(label)
      await isThere(script)
      await handle.click(script)
      await isThere(`${script}.checked`)
    },
    async fill(label, text) {
      const script = byLabel(label)
      await isThere(script)
      await handle.type(script, text)
    },
    async shows(text) {
      await isThere(`document.body.innerText.includes(${JSON.stringify(text)})`)
    },
    run: (script) => handle.run(script),
    url: () => handle.url(),
  }
}

function byText(text: string | RegExp): string {
  const matches = typeof text === 'string' ? `=== ${JSON.stringify(text)}` : `.match(${text})`
  const inner = `(e.innerText || e.value || '').trim()`
  return `[...document.querySelectorAll('button, input[type=submit]')]
    .find((e) => ${inner}${matches} && e.getClientRects().length > 0)`
}

function byLabel(label: string): string {
  return `[...document.querySelectorAll('label')]
    .find((e) => e.innerText.trim() === ${JSON.stringify(label)})?.control`
}

function byStartOfLabel(label: string): string {
  return `[...document.querySelectorAll('input[type=radio], input[type=checkbox]')]
    .find((e) => e.labels[0]?.innerText.trim().startsWith(${JSON.stringify(label)}))`
}

/** By WebDriver BiDi. */
async function startFirefox(): Promise<WalkBrowser> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefoxPath,
    headless: true,
  })
  const [page = await browser.newPage()] = await browser.pages()
  const others = async () => (await browser.pages()).filter((one) => one !== page)
  // A popup that goes to another origin is another page object, so it is looked up for each act.
  const handleOf = (find: () => Promise<Page>): Handle => ({
    goto: async (url) => (await find()).goto(url),
    reload: async () => (await find()).reload(),
    run: async (script) => (await find()).evaluate(`(() => { ${script} })()`),
    async click(script) {
      await (await elementOf(find, script)).click()
    },
    async type(script, text) {
      await (await elementOf(find, script)).type(text)
    },
    url: async () => (await find()).url(),
  })
  return {
    version: await browser.version(),
    first: windowOf(handleOf(async () => page)),
    async popupAfter(act) {
      await act()
      await until('a popup is open', async () => (await others()).length > 0)
      return windowOf(
        handleOf(async () => {
          const [popup] = await others()
          if (!popup) throw new Error('the popup is closed')
          return popup
        }),
      )
    },
    popupsClosed: () => until('the popup is closed', async () => (await others()).length === 0),
    stop: () => browser.close(),
  }
}

async function elementOf(
  find: () => Promise<Page>,
  script: string,
): Promise<ElementHandle<Element>> {
  const handle = await (await find()).evaluateHandle(`(() => ${script})()`)
  // What is clicked was found by a selector.
  return handle.asElement() as ElementHandle<Element>
}

/** By classic WebDriver, on a display of its own. */
async function startWebKit(): Promise<WalkBrowser> {
  const display = `:${90 + Math.floor(Math.random() * 900)}`
  const screen = spawn(xvfb, [display, '-screen', '0', '1280x900x24'], { stdio: 'ignore' })
  const port = await freePort()
  const driverProcess = spawn(webkitDriver, [`--port=${port}`], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DISPLAY: display,
      // Its sandbox does not start for root.
      ...(process.getuid?.() === 0 && { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' }),
    },
  })
  const stopAll = () => {
    driverProcess.kill()
    screen.kill()
  }
  try {
    const driver = await connectTo(`http://127.0.0.1:${port}`)
    const capabilities = await driver.getCapabilities()
    const first = await driver.getWindowHandle()
    const others = async () => (await driver.getAllWindowHandles()).filter((one) => one !== first)
    return {
      version: `WebKitGTK ${capabilities.getBrowserVersion()}`,
      first: windowOf(seleniumHandle(driver, async () => first)),
      async popupAfter(act) {
        await act()
        await until('a popup is open', async () => (await others()).length > 0)
        const [popup = ''] = await others()
        return windowOf(seleniumHandle(driver, async () => popup))
      },
      popupsClosed: () => until('the popup is closed', async () => (await others()).length === 0),
      async stop() {
        await driver.quit().catch(() => undefined)
        stopAll()
      },
    }
  } catch (error) {
    stopAll()
    throw error
  }
}

function seleniumHandle(driver: WebDriver, find: () => Promise<string>): Handle {
  const focus = async () => driver.switchTo().window(await find())
  const element = async (script: string) => {
    await focus()
    return driver.executeScript<WebElement>(`return ${script}`)
  }
  return {
    async goto(url) {
      await focus()
      await driver.get(url)
    },
    async reload() {
      await focus()
      await driver.navigate().refresh()
    },
    async run(script) {
      await focus()
      return driver.executeScript(script)
    },
    click: async (script) => (await element(script)).click(),
    type: async (script, text) => (await element(script)).sendKeys(text),
    async url() {
      await focus()
      return driver.getCurrentUrl()
    },
  }
}

/** Its driver needs a moment until it listens. */
async function connectTo(server: string): Promise<WebDriver> {
  for (let attempts = 0; ; attempts += 1) {
    try {
      return await new Builder()
        .usingServer(server)
        .withCapabilities({
          browserName: 'MiniBrowser',
          'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
        })
        .build()
    } catch (error) {
      if (attempts === 20) throw error
      await pause(500)
    }
  }
}

/** The folder is named by the machine, e.g. `x86_64-linux-gnu`. */
function miniBrowser(): string {
  const [path = ''] = execFileSync('sh', ['-c', 'ls /usr/lib/*/webkit2gtk-4.1/MiniBrowser'], {
    encoding: 'utf8',
  }).split('\n')
  return path
}
