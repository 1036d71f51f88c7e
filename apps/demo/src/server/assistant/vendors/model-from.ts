import type { Model } from '../model.ts'

export interface ModelSettings {
  readonly ANTHROPIC_API_KEY?: string | undefined
  readonly OPENAI_API_KEY?: string | undefined
  /** Name of a model of that vendor. */
  readonly ASSISTANT_MODEL?: string | undefined
}

/** The language model whose key is set; undefined: none is. Its library is loaded only then. */
export async function modelFrom(settings: ModelSettings): Promise<Model | undefined> {
  const { ANTHROPIC_API_KEY, OPENAI_API_KEY, ASSISTANT_MODEL: name } = settings
  if (ANTHROPIC_API_KEY) {
    const { anthropicModel } = await import('./anthropic-model.ts')
    return anthropicModel({ apiKey: ANTHROPIC_API_KEY, name })
  }
  if (OPENAI_API_KEY) {
    const { openaiModel } = await import('./openai-model.ts')
    return openaiModel({ apiKey: OPENAI_API_KEY, name })
  }
  return undefined
}
