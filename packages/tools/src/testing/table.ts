import type { ToolDefinition, ToolParameter } from '../definition.ts'

/** What is wrong with the definitions, each by itself and all together. */
export function catalogueFaults(tools: readonly ToolDefinition[]): string[] {
  const names = tools.map(({ name }) => name)
  return [
    ...repeated(names).map((name) => `${name}: the name is there twice`),
    ...tools.flatMap((tool) => toolFaults(tool).map((fault) => `${tool.name}: ${fault}`)),
    ...tools.flatMap((tool) => targetFaults(tool, tools).map((fault) => `${tool.name}: ${fault}`)),
  ]
}

function toolFaults(tool: ToolDefinition): string[] {
  const { parameters, response, listIn, entriesOf } = tool
  const names = parameters.map(({ name }) => name)
  const sent = parameters.filter(({ local, in: place }) => local !== true && place !== 'path')
  const wireNames = sent.flatMap(({ name, wireName = name, alsoAs = [] }) => [wireName, ...alsoAs])
  const mentioned = [
    ...[...(tool.anyOf ?? []), ...(tool.together ?? [])].flat(),
    ...parameters.flatMap(({ placeWithin }) => placeWithin ?? []),
  ]
  return [
    ...(/^[a-zA-Z0-9_-]{1,64}$/.test(tool.name) ? [] : ['no name of a tool']),
    ...[tool.title, tool.description, tool.group].filter(isBlank).map(() => 'empty text'),
    ...(tool.scopes.length === 0 && tool.effect !== 'read' ? ['no scope'] : []),
    ...((tool.effect === 'read') === (tool.method === 'GET')
      ? []
      : [`${tool.effect} by ${tool.method}`]),
    ...(listIn !== undefined && response !== 'list' ? ['no list is in it'] : []),
    ...(entriesOf !== undefined && response !== 'object' ? ['it has no entries'] : []),
    ...repeated([...names, ...parameters.flatMap(({ aliases = [] }) => aliases)]).map(
      (name) => `${name} is there twice`,
    ),
    ...repeated(wireNames).map((name) => `${name} is sent twice`),
    ...mentioned.filter((name) => !names.includes(name)).map((name) => `${name} is no parameter`),
    ...placeFaults(tool),
    ...parameters.flatMap(parameterFaults),
  ]
}

/** What it is about can be read with the arguments of the call. */
function targetFaults(tool: ToolDefinition, tools: readonly ToolDefinition[]): string[] {
  const { target, effect, parameters, prepare } = tool
  if (target === undefined) {
    // A tool that makes a thing has all that `prepare` needs.
    const isChange = prepare !== undefined && tool.method !== 'POST'
    return effect === 'destroy' || isChange ? ['no target'] : []
  }
  const names = parameters.map(({ name }) => name)
  const reader = tools.find(({ name }) => name === target.tool)
  if (reader?.effect !== 'read') return [`${target.tool} is no tool that reads`]
  const needed = reader.parameters.filter(({ required }) => required).map(({ name }) => name)
  const used = [...needed.map((name) => target.from?.[name] ?? name), target.item?.parameter ?? []]
  return [
    ...used
      .flat()
      .filter((name) => !names.includes(name))
      .map((name) => `the target needs ${name}`),
    ...((reader.response === 'list') === (target.item !== undefined)
      ? []
      : [`one of ${target.tool} is not one thing`]),
  ]
}

/** Each placeholder of the path has one parameter, which is required but for the end, and no parameter is left over. */
function placeFaults({ path, parameters }: ToolDefinition): string[] {
  const places = [...path.matchAll(/\{(\w+)\}/g)].map(([, place = '']) => place)
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  const placeOf = ({ name, pathParam = name }: ToolParameter) => pathParam
  return [
    ...places.flatMap((place) => {
      const [parameter] = inPath.filter((each) => placeOf(each) === place)
      if (parameter === undefined) return [`{${place}} has no parameter`]
      const isEnd = path.endsWith(`/{${place}}`) && places.length > 1
      return parameter.required === true || isEnd ? [] : [`{${place}} may be left out`]
    }),
    ...inPath
      .filter((each, at) => {
        const isFirst = inPath.findIndex((one) => placeOf(one) === placeOf(each)) === at
        return !isFirst || !places.includes(placeOf(each))
      })
      .map(({ name }) => `${name} has no place`),
  ]
}

function parameterFaults(parameter: ToolParameter): string[] {
  const { name, type, items, enum: values, default: left, minimum, maximum } = parameter
  const faults = [
    /^[a-zA-Z0-9_.-]{1,64}$/.test(name) ? '' : 'no name of a parameter',
    isBlank(parameter.description) ? 'empty text' : '',
    values?.length === 0 || values?.some((value) => isBlank(String(value))) ? 'empty enum' : '',
    type === 'array' && items === undefined ? 'an array without items' : '',
    left !== undefined && values?.includes(left as string) === false
      ? 'the default is not in the enum'
      : '',
    minimum !== undefined && maximum !== undefined && minimum > maximum ? 'no number fits' : '',
    parameter.sendDefault === true && left === undefined ? 'no default to send' : '',
    parameter.placeWithin !== undefined && parameter.place === undefined ? 'no place' : '',
  ]
  return faults.filter((fault) => fault !== '').map((fault) => `${name}: ${fault}`)
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))]
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}
