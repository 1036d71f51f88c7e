import { type ReactElement, useId, useState } from 'react'
import { chooseScopes, offeredPresets, presetOf } from './core/index.ts'
import { useParts } from './parts.ts'
import type { ScopeChoiceProps } from './scope-choice.tsx'

/** Choices that are offered as one, as radios; the last of them is that the person chooses each scope. */
export function ScopePresets(props: ScopeChoiceProps): ReactElement | null {
  const { offer, chosen, pick, wording, texts } = props
  /** The person chose this radio, even where the scopes equal a preset. */
  const [isOwn, setIsOwn] = useState(false)
  const group = useId()
  const part = useParts()
  const presets = offeredPresets(offer)
  if (presets.length === 0) return null
  const current = isOwn ? undefined : presetOf(offer, chosen)
  return (
    <fieldset {...part('presets')}>
      <legend>{texts.presets}</legend>
      {presets.map((preset) => (
        <Preset
          key={preset.name}
          {...wording.preset(preset)}
          group={group}
          isChecked={preset.name === current?.name}
          onCheck={() => {
            setIsOwn(false)
            pick(chooseScopes(offer, preset.scopes))
          }}
        />
      ))}
      <Preset
        title={texts.own}
        sentence={texts.ownSentence}
        group={group}
        isChecked={current === undefined}
        onCheck={() => setIsOwn(true)}
      />
    </fieldset>
  )
}

function Preset(props: {
  title: string
  sentence: string
  group: string
  isChecked: boolean
  onCheck: () => void
}): ReactElement {
  const { title, sentence, group, isChecked, onCheck } = props
  const id = useId()
  const part = useParts()
  return (
    <label {...part('preset')}>
      <input
        type="radio"
        // Of no form: what is chosen by it are the checkboxes.
        form=""
        name={group}
        checked={isChecked}
        aria-labelledby={`${id}title`}
        aria-describedby={`${id}sentence`}
        onChange={onCheck}
      />
      <span>
        <strong id={`${id}title`}>{title}</strong>
        <small id={`${id}sentence`}>{sentence}</small>
      </span>
    </label>
  )
}
