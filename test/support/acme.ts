import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest'
import { launchBrowser } from './browser.ts'
import type {} from './browser-setup.ts' // what is provided, for `inject`
import { openEmbedded } from './databases.ts'
import { createProduct, type Product } from './product.ts'

/** A person who may sign in at Acme. */
export type PersonName = 'Mira Sandoval' | 'Jonas Weber'

type Settings = Parameters<Browser['newContext']>[0] & {
  /** Runs in each page before its own scripts. */
  script?: string
}

/** Acme, Keywell and the stand-in GitLab, in a real browser. */
export interface Acme {
  readonly product: Product
  /** A person in a browser of their own, at Acme's settings. Default: Mira. */
  atSettings(name?: PersonName, settings?: Settings): Promise<Page>
}

/** The whole product for the tests of the calling file. Each begins without a connection. */
export function setUpProduct(): { readonly product: Product } {
  let product: Product

  beforeAll(async () => {
    product = await createProduct(await openEmbedded(), inject('acmePage'))
  })
  afterAll(() => product.stop())
  beforeEach(async () => {
    await product.stage.calm()
    const { stage, selfManaged } = product
    for (const { control } of [stage.sandbox, selfManaged]) {
      for (const { username } of await control.users()) await control.revokeGrants({ username })
    }
    await product.stage.database.query('delete from connections where tenant_id is not null')
    await product.stage.database.query('delete from credentials where tenant_id is not null')
  })
  return {
    get product() {
      return product
    },
  }
}

/** The same, with a browser. */
export function setUpAcme(): Acme {
  const running = setUpProduct()
  let browser: Browser
  const contexts: BrowserContext[] = []

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
  })

  return {
    get product() {
      return running.product
    },
    async atSettings(name = 'Mira Sandoval', { script, ...settings } = {}) {
      const context = await browser.newContext(settings)
      contexts.push(context)
      if (script !== undefined) await context.addInitScript(script)
      const page = await context.newPage()
      await page.goto(running.product.url)
      await page.getByRole('button', { name }).click()
      await page.getByRole('heading', { name: /Good to see you/ }).waitFor()
      await page.goto(`${running.product.url}/settings/integrations`)
      return page
    },
  }
}
